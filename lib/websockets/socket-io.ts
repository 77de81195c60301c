import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import type { Farewell } from './gateway.options.js';
import { refuseRequest, refuseUpgrade } from './refusal.js';
import type { SocketLibrary } from './socket-library.js';
import { isWsSocket, underneath, whenClosed, type WsSocket } from './ws.js';

/** A socket of a namespace. */
interface IoSocket extends EventEmitter {
  readonly conn: IoConnection;
  disconnect(close: true): unknown;
}

/** A connection of engine.io, which the sockets of all namespaces share. */
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

/** The socket of `ws` that a connection goes over, where it is not long polling. */
function webSocketOf(connection: object): WsSocket | undefined {
  const transport = memberOf(connection, 'transport');
  const socket = isObject(transport) ? memberOf(transport, 'socket') : undefined;
  return isWsSocket(socket) ? socket : undefined;
}

/** The engine of the server that a gateway has, which is the server itself or one of its namespaces. */
function engineOf(server: object): object | undefined {
  const parent = memberOf(server, 'server');
  const engine = memberOf(server, 'engine') ?? (isObject(parent) ? memberOf(parent, 'engine') : undefined);
  return isObject(engine) && isMethod(memberOf(engine, 'handleRequest')) ? engine : undefined;
}

/** Whether a request belongs to a connection that is there, such as the next poll of it. */
function isOfConnection(request: unknown): boolean {
  const url = request instanceof IncomingMessage ? (request.url ?? '/') : '/';
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).has('sid');
}

/** Calls back when the engine has handed what it has to the transport. */
function afterSending(connection: IoConnection, callback: () => void): void {
  const buffer = memberOf(connection, 'writeBuffer');
  if (Array.isArray(buffer) && buffer.length > 0) connection.once('drain', callback);
  else callback();
}

/**
 * Closes the WebSocket, and leaves it to its end to close the engine: one that closes itself is deaf at once to what
 * its client has sent before it was told.
 */
function closeBelow(socket: WsSocket, { code, reason }: Pick<Farewell, 'code' | 'reason'>): void {
  socket.close(code, reason);
  // The engine takes it for a broken transport that nothing can be sent, and would stop reading.
  replaceMethod(socket, 'send', () => (...args) => {
    const sent = args.at(-1);
    if (isMethod(sent)) setImmediate(sent);
  });
}

/** The package `socket.io`, which closes its connections by `engine.io`. */
export const socketIo: SocketLibrary = {
  name: 'socket.io',
  connectionOf: (socket) => (isIoSocket(socket) ? socket.conn : undefined),
  whenGone: (connection, callback) => {
    if (!isConnection(connection)) return;
    // The engine lets go of a WebSocket before that has closed, and as long as it is open so is the server.
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
    // The engine closes without a code, as soon as it has sent what it has.
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
    // A poll that never comes would be waited for half a minute to be told of the end.
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
