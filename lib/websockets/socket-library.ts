import type { Server } from 'node:net';
import type { Farewell, GatewayEvent } from './gateway.options.js';

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
