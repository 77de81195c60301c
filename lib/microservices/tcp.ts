import { Server, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { MessagesInFlight } from './messages-in-flight.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod } from '../discovery/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/** The error that a call is answered with which came when the server was draining: it never started. */
export const DRAINING = { status: 'draining', message: 'The server is draining; the call was not started.' };

type State =
  | { readonly status: 'taking' }
  /** Calls are refused, since their answers might find the connection closed; events are still taken. */
  | { readonly status: 'draining' }
  /** We have ended our side: nothing can be answered any more. What the peers have sent is still read. */
  | { readonly status: 'parting' };

/**
 * Nest's protocol has no word for leaving, so each connection is closed by halves: when what is in flight has
 * been answered our side ends, the client flushes what it has written and ends its own, and until then we read.
 */
export function tcpDrain(server: object, { clock }: TransportPorts): TransportDrain {
  const messages = new MessagesInFlight(server, clock);
  const sockets = new Map<Socket, Promise<void>>();
  let state: State = { status: 'taking' };

  const listener = callMember(server, 'unwrap');
  if (listener instanceof Server) {
    // What a TLS server accepts first is only the bare connection below, which is not ours to end.
    listener.on(listener instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => {
          sockets.delete(socket);
          resolve();
        });
      });
      sockets.set(socket, closed);
      // Its handshake was still going on when the others were parted with.
      if (state.status === 'parting') socket.end();
    });
  }
  replaceMethod(server, 'handleMessage', (original) => (socket, packet, ...rest) => {
    const isCall = isObject(packet) && memberOf(packet, 'id') !== undefined;
    if (state.status === 'taking' || !isCall) return original(socket, packet, ...rest);
    if (state.status === 'draining') refuse(server, { socket, id: memberOf(packet, 'id') });
    return Promise.resolve();
  });

  return {
    name: 'TCP',
    seams: [...MessagesInFlight.seams, 'handleMessage', 'unwrap', 'serializer'],
    work: {
      get items() {
        return messages.items;
      },
      idle: async () => {
        await messages.settled();
        state = { status: 'parting' };
        for (const socket of sockets.keys()) socket.end();
        // Those that are taken in meanwhile end as well.
        while (sockets.size > 0) await Promise.all(sockets.values());
        await messages.idle();
      },
    },
    stop: () => {
      state = { status: 'draining' };
      // Else a server that is closed is opened again, where it has retries.
      if ('isManuallyTerminated' in server) Reflect.set(server, 'isManuallyTerminated', true);
      if (listener instanceof Server) listener.close();
    },
    close: () => {
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
}

function refuse(server: object, { socket, id }: { readonly socket: unknown; readonly id: unknown }): void {
  const send = isObject(socket) ? memberOf(socket, 'sendMessage') : undefined;
  const serializer = memberOf(server, 'serializer');
  const serialize = isObject(serializer) ? memberOf(serializer, 'serialize') : undefined;
  if (!isMethod(send) || !isMethod(serialize)) return;
  const refusal = Reflect.apply(serialize, serializer, [{ id, err: DRAINING, isDisposed: true }]);
  Reflect.apply(send, socket, [refusal]);
}
