import { Server, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { MessagesInFlight, type Admission } from './messages-in-flight.js';
import { socketOf } from './own-clients.js';
import { callMember, isMethod, memberOf } from '../nest/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

type State =
  | { readonly status: 'taking' }
  /** Calls from outside are refused, because the connection may close before their answer. Events are still taken. */
  | { readonly status: 'leaving' }
  /** All calls are refused. */
  | { readonly status: 'draining' }
  /** Our side has ended, so nothing can be answered. What peers have sent is still read. */
  | { readonly status: 'parting' };

/**
 * Nest's TCP protocol has no message for leaving, so each connection is half-closed. After the last answer our side
 * ends; the client flushes what it has written and ends its side; until then we keep reading.
 */
export function tcpDrain(server: object, { clock, answers, clients }: TransportPorts): TransportDrain {
  const sockets = new Map<Socket, Promise<void>>();
  let state: State = { status: 'taking' };
  const admit = (context: object): Admission => {
    switch (state.status) {
      case 'taking':
        return 'take';
      case 'leaving':
        return isInside(context) ? 'take' : 'refuse';
      case 'draining':
        return 'refuse';
      case 'parting':
        return 'ignore';
    }
  };
  const isInside = (context: object): boolean => {
    const get = memberOf(context, 'getSocketRef');
    const socket = socketOf(isMethod(get) ? Reflect.apply(get, context, []) : undefined);
    return socket !== undefined && clients.isInside(socket);
  };
  const messages = new MessagesInFlight(server, clock, { answers, admit });

  const listener = callMember(server, 'unwrap');
  if (listener instanceof Server) {
    // The first socket of a TLS server is the raw connection, which is not ours to end.
    listener.on(listener instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => {
          sockets.delete(socket);
          resolve();
        });
      });
      sockets.set(socket, closed);
      // Its handshake was still in progress when the other connections were ended.
      if (state.status === 'parting') socket.end();
    });
  }

  return {
    name: 'TCP',
    seams: [...MessagesInFlight.seams, 'handleEvent', 'handleMessage', 'unwrap'],
    work: {
      get items() {
        return messages.items;
      },
      settled: () => messages.settled(),
      idle: async () => {
        await messages.settled();
        state = { status: 'parting' };
        for (const socket of sockets.keys()) socket.end();
        // Connections that are accepted meanwhile end as well.
        while (sockets.size > 0) await Promise.all(sockets.values());
        await messages.idle();
      },
    },
    leave: () => {
      state = { status: 'leaving' };
    },
    stop: () => {
      state = { status: 'draining' };
      // Otherwise a server with retries would listen again after it is closed.
      if ('isManuallyTerminated' in server) Reflect.set(server, 'isManuallyTerminated', true);
      if (listener instanceof Server) listener.close();
    },
    close: () => {
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
}
