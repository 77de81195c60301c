import type { Server } from 'node:net';
import { isObject } from '../nest/members.js';
import { socketIo } from './socket-io.js';
import type { SocketLibrary } from './socket-library.js';
import { ws } from './ws.js';

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
