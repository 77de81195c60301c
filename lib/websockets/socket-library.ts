import type { Server } from 'node:net';
import { isObject } from '../discovery/members.js';
import type { GatewayEvent } from './gateway.options.js';
import { socketIo } from './socket-io.js';
import { ws } from './ws.js';

/** What a client is told as its connection closes. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
  /** What a client of socket.io does next: it comes back by itself, or it leaves that to its application. */
  readonly socketIo: 'reconnect' | 'disconnect';
}

/** A library of sockets, as far as the drain needs it. It is never loaded here: who uses one has it loaded. */
export interface SocketLibrary {
  readonly name: 'ws' | 'socket.io';
  /** The connection that a socket goes over, which sockets of several namespaces share; `undefined` for others. */
  connectionOf(socket: object): object | undefined;
  /** Calls back once, when nothing can go over the connection any more. */
  whenGone(connection: object, callback: () => void): void;
  /** Sends an event of the application to a socket. */
  tell(socket: object, event: GatewayEvent): void;
  /** Closes the connection in good order, behind everything that was sent. */
  close(connection: object, sockets: Iterable<object>, farewell: Farewell): void;
  /** Cuts the connection. */
  sever(connection: object): void;
  /** Says no to whoever wants a new connection with the server of a gateway; `false` where it is no such server. */
  refuseClients(server: object): boolean;
  /** The servers underneath that listen for the server of a gateway. */
  listenersOf(server: object, adapter: object): readonly Server[];
  /** The sockets of Node underneath that the clients of the server of a gateway go over. */
  socketsOf(server: object): readonly unknown[];
}

const LIBRARIES: readonly SocketLibrary[] = [ws, socketIo];

/** The library that a socket of a gateway is of, and its connection. */
export function connectionOf(
  socket: object,
): { readonly library: SocketLibrary; readonly connection: object } | undefined {
  for (const library of LIBRARIES) {
    const connection = library.connectionOf(socket);
    if (connection !== undefined) return { library, connection };
  }
  return undefined;
}

/** From now on nobody gets a new connection with the server of a gateway; `false` where we do not know it. */
export function refuseClients(server: object): boolean {
  return LIBRARIES.some((library) => library.refuseClients(server));
}

/** The servers underneath that listen for the server of a gateway. */
export function listenersOf(server: object, adapter: object): readonly Server[] {
  return LIBRARIES.flatMap((library) => library.listenersOf(server, adapter));
}

/** The sockets of Node underneath that the clients of the server of a gateway go over. */
export function socketsOf(server: object): readonly object[] {
  return LIBRARIES.flatMap((library) => library.socketsOf(server)).filter(isObject);
}
