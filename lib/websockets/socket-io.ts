import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import type { Farewell } from './gateway.options.js';
import { refuseRequest, refuseUpgrade } from './refusal.js';
import type { SocketLibrary } from './socket-library.js';
import { isWsSocket, underneath, whenClosed, type WsSocket } from './ws.js';

/** A socket in a namespace. */
interface IoSocket extends EventEmitter {
  readonly conn: IoConnection;
  disconnect(close: true): unknown;
}

/** An engine.io connection, shared by the sockets of all namespaces. */
interface IoConnection extends EventEmitter {
  close(discard?: boolean): void;
}

function isConnection(value: unknown): value is IoConnection {
  return value instanceof EventEmitter && 'transport' in value && isMethod(memberOf(value, 'close'));
}

function isIoSocket(socket: unknown): socket is IoSocket {
  return (
    socket instanceof EventEmitter &&
    isMethod(memberOf(socket, 'disconnect')) &&
    isConnection(memberOf(socket, 'conn'))
  );
}

/** The `ws` socket of a connection; `undefined` on long polling. */
function webSocketOf(connection: object): WsSocket | undefined {
  const transport = memberOf(connection, 'transport');
  const socket = isObject(transport) ? memberOf(transport, 'socket') : undefined;
  return isWsSocket(socket) ? socket : undefined;
}

/** The engine of a gateway's server, which is either the socket.io server or one of its namespaces. */
function engineOf(server: object): object | undefined {
  const parent = memberOf(server, 'server');
  const engine = memberOf(server, 'engine') ?? (isObject(parent) ? memberOf(parent, 'engine') : undefined);
  return isObject(engine) && isMethod(memberOf(engine, 'handleRequest')) ? engine : undefined;
}

/** Whether a request belongs to an existing connection, such as its next poll. */
function isOfConnection(request: unknown): boolean {
  const url = request instanceof IncomingMessage ? (request.url ?? '/') : '/';
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).has('sid');
}

/** Calls back when the engine has passed its buffer to the transport. */
function afterSending(connection: IoConnection, callback: () => void): void {
  const buffer = memberOf(connection, 'writeBuffer');
  if (Array.isArray(buffer) && buffer.length > 0) connection.once('drain', callback);
  else callback();
}

/**
 * Closes the WebSocket and lets its end close the engine. An engine that closes itself immediately ignores messages
 * that its client sent before it noticed.
 */
function closeBelow(socket: WsSocket, { code, reason }: Pick<Farewell, 'code' | 'reason'>): void {
  socket.close(code, reason);
  // If sending failed, the engine would treat the transport as broken and stop reading.
  replaceMethod(socket, 'send', () => (...args) => {
    const sent = args.at(-1);
    if (isMethod(sent)) setImmediate(sent);
  });
}

/** The package `socket.io`, which closes its connections through `engine.io`. */
export const socketIo: SocketLibrary = {
  name: 'socket.io',
  connectionOf: (socket) => (isIoSocket(socket) ? socket.conn : undefined),
  whenGone: (connection, callback) => {
    if (!isConnection(connection)) return;
    // The engine releases a WebSocket before it has closed, and an open WebSocket keeps the server open.
    connection.once('close', () => {
      const socket = webSocketOf(connection);
      if (socket === undefined) callback();
      else whenClosed(socket, callback);
    });
  },
  tell: (socket, { event, data }) => {
    if (isIoSocket(socket)) socket.emit(event, ...(data === undefined ? [] : [data]));
  },
  close: (connection, sockets, { code, reason, socketIo: next }) => {
    if (!isConnection(connection)) return;
    const socket = webSocketOf(connection);
    // The engine closes without a code, as soon as its buffer is sent.
    if (socket !== undefined) replaceMethod(socket, 'close', (original) => () => original(code, reason));
    if (next === 'disconnect') {
      for (const each of sockets) if (isIoSocket(each)) each.disconnect(true);
    }
    if (socket === undefined || next === 'disconnect') connection.close();
    else afterSending(connection, () => closeBelow(socket, { code, reason }));
  },
  sever: (connection) => {
    if (!isConnection(connection)) return;
    webSocketOf(connection)?.terminate();
    connection.close(true);
    // Otherwise it waits up to 30 s for a poll that never comes.
    const transport = memberOf(connection, 'transport');
    if (isObject(transport)) callMember(transport, 'shouldClose');
  },
  refuseClients: (server) => {
    const engine = engineOf(server);
    if (engine === undefined) return false;
    replaceMethod(engine, 'handleUpgrade', (original) => (request, socket, ...rest) => {
      if (isOfConnection(request)) original(request, socket, ...rest);
      else refuseUpgrade(socket);
    });
    replaceMethod(engine, 'handleRequest', (original) => (request, response, ...rest) => {
      if (isOfConnection(request) || !(response instanceof ServerResponse)) {
        original(request, response, ...rest);
      } else refuseRequest(response);
    });
    return true;
  },
  listenersOf: (server) => {
    const parent = memberOf(server, 'server');
    const listener =
      memberOf(server, 'httpServer') ?? (isObject(parent) ? memberOf(parent, 'httpServer') : undefined);
    return engineOf(server) !== undefined && listener instanceof Server ? [listener] : [];
  },
  socketsOf: (server) => {
    const engine = engineOf(server);
    const clients = engine === undefined ? undefined : memberOf(engine, 'clients');
    const connections: readonly unknown[] = isObject(clients) ? Object.values(clients) : [];
    return connections.filter(isConnection).map((connection) => underneath(webSocketOf(connection)));
  },
};
