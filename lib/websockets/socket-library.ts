import type { Server } from 'node:net';
import type { Farewell, GatewayEvent } from './gateway.options.js';

/**
 * What the drain needs from a WebSocket library. The library is never loaded here: an app that uses it has loaded
 * it.
 */
export interface SocketLibrary {
  readonly name: 'ws' | 'socket.io';
  /**
   * The connection of a socket, shared by the sockets of all namespaces; `undefined` for sockets of other
   * libraries.
   */
  connectionOf(socket: object): object | undefined;
  /** Calls back once, when nothing can pass through the connection any more. */
  whenGone(connection: object, callback: () => void): void;
  /** Sends an app event to a socket. */
  tell(socket: object, event: GatewayEvent): void;
  /** Closes the connection after everything that was sent before. */
  close(connection: object, sockets: Iterable<object>, farewell: Farewell): void;
  /** Cuts the connection. */
  sever(connection: object): void;
  /** Refuses new connections from now on. Returns `false` if the server belongs to another library. */
  refuseClients(server: object): boolean;
  /** The listening servers below the server of a gateway. */
  listenersOf(server: object, adapter: object): readonly Server[];
  /** The Node sockets below the clients of a gateway's server. */
  socketsOf(server: object): readonly unknown[];
}
