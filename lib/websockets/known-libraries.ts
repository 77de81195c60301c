import type { Server } from 'node:net';
import { isObject } from '../nest/members.js';
import { socketIo } from './socket-io.js';
import type { SocketLibrary } from './socket-library.js';
import { ws } from './ws.js';

const LIBRARIES: readonly SocketLibrary[] = [ws, socketIo];

/** The library and the connection of a gateway's socket. */
export function connectionOf(
  socket: object,
): { readonly library: SocketLibrary; readonly connection: object } | undefined {
  for (const library of LIBRARIES) {
    const connection = library.connectionOf(socket);
    if (connection !== undefined) return { library, connection };
  }
  return undefined;
}

/** From now on the server of a gateway refuses new connections. Returns `false` if its library is unknown. */
export function refuseClients(server: object): boolean {
  return LIBRARIES.some((library) => library.refuseClients(server));
}

/** The listening servers below the server of a gateway. */
export function listenersOf(server: object, adapter: object): readonly Server[] {
  return LIBRARIES.flatMap((library) => library.listenersOf(server, adapter));
}

/** The Node sockets below the clients of a gateway's server. */
export function socketsOf(server: object): readonly object[] {
  return LIBRARIES.flatMap((library) => library.socketsOf(server)).filter(isObject);
}
