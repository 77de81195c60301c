import { EventEmitter } from 'node:events';
import { Server } from 'node:net';
import { isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { refuseUpgrade } from './refusal.js';
import type { SocketLibrary } from './socket-library.js';

/** A server-side socket of `ws`. */
export interface WsSocket extends EventEmitter {
  readonly readyState: number;
  send(data: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

const OPEN = 1;
const CLOSED = 3;

export function isWsSocket(socket: unknown): socket is WsSocket {
  return (
    socket instanceof EventEmitter &&
    ['send', 'close', 'terminate'].every((member) => isMethod(memberOf(socket, member)))
  );
}

/** Calls back when a socket has closed, at once if it already has. */
export function whenClosed(socket: WsSocket, callback: () => void): void {
  if (socket.readyState === CLOSED) callback();
  else socket.once('close', callback);
}

/** The Node socket below a `ws` socket. */
export function underneath(socket: unknown): unknown {
  return isWsSocket(socket) ? memberOf(socket, '_socket') : undefined;
}

/**
 * The package `ws`, through its public API, except for the listener of a port of its own, which only `_server`
 * holds.
 */
export const ws: SocketLibrary = {
  name: 'ws',
  connectionOf: (socket) => (isWsSocket(socket) ? socket : undefined),
  whenGone: (socket, callback) => {
    if (isWsSocket(socket)) whenClosed(socket, callback);
  },
  tell: (socket, { event, data }) => {
    if (isWsSocket(socket) && socket.readyState === OPEN) socket.send(JSON.stringify({ event, data }));
  },
  close: (socket, _, { code, reason }) => {
    if (isWsSocket(socket)) socket.close(code, reason);
  },
  sever: (socket) => {
    if (isWsSocket(socket)) socket.terminate();
  },
  refuseClients: (server) => {
    if (!isMethod(memberOf(server, 'handleUpgrade'))) return false;
    replaceMethod(server, 'handleUpgrade', () => (_, socket) => refuseUpgrade(socket));
    return true;
  },
  listenersOf: (server, adapter) => {
    if (!isMethod(memberOf(server, 'handleUpgrade'))) return [];
    // From the `ws` server itself, from Nest's adapter (a path on a port of its own), or from the app.
    const registry = memberOf(adapter, 'httpServersRegistry');
    const registered: readonly unknown[] = registry instanceof Map ? [...registry.values()] : [];
    const options = memberOf(server, 'options');
    const isAttached = isObject(options) && memberOf(options, 'noServer') === true;
    const candidates = isAttached
      ? [...registered, memberOf(adapter, 'httpServer')]
      : [memberOf(server, '_server')];
    return candidates.filter((each) => each instanceof Server);
  },
  socketsOf: (server) => {
    const clients = memberOf(server, 'clients');
    return clients instanceof Set ? Array.from(clients, underneath) : [];
  },
};
