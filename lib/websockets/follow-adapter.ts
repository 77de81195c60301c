import { EMPTY, finalize, isObservable, Observable, takeUntil } from 'rxjs';
import { isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';
import type { GatewayClient } from './gateway-client.js';
import type { GatewayClients } from './gateway-clients.js';

/** What `followAdapter` reports, and how it treats streams. */
export interface AdapterFollower {
  readonly clients: GatewayClients;
  /** Whether the Observables that handlers return end when it is their client's turn. */
  readonly streams: 'finish' | 'end';
  /** A gateway has been bound to a server, or to a namespace of one. */
  readonly onServer: (server: object) => void;
  /** A client of an unknown library has connected. */
  readonly onUnknown: () => void;
}

/** Registers clients as they connect, and counts the work for each. */
export function followAdapter(adapter: object, follower: AdapterFollower): void {
  const { clients, onServer, onUnknown } = follower;
  replaceMethod(adapter, 'bindClientConnect', (original) => (server, callback, ...rest) => {
    if (isObject(server)) onServer(server);
    if (!isMethod(callback)) return original(server, callback, ...rest);
    const connect = (...args: readonly unknown[]): unknown => {
      const [socket] = args;
      const taken = isObject(socket) ? clients.connect(socket) : 'unknown';
      if (taken === 'unknown') onUnknown();
      return taken === 'late' ? undefined : callback(...args);
    };
    return original(server, connect, ...rest);
  });
  replaceMethod(adapter, 'bindMessageHandlers', (original) => (socket, handlers, transform, ...rest) => {
    const client = clients.known(socket);
    if (client === undefined || !Array.isArray(handlers) || !isMethod(transform)) {
      return original(socket, handlers, transform, ...rest);
    }
    const messages = new ClientMessages(client, follower.streams);
    const followed = handlers.map((handler: unknown) => messages.followHandler(handler));
    return original(socket, followed, messages.followReplies(transform), ...rest);
  });
}

/** A message in progress: it ends when both its handler and its reply have ended. */
interface Message {
  begin(): void;
  end(): void;
}

/** The messages of a client for one gateway. */
class ClientMessages {
  /** Keyed by the handler's result, which Nest passes to `transform` at once. */
  readonly #messages = new WeakMap<object, Message>();

  constructor(
    private readonly client: GatewayClient,
    private readonly streams: 'finish' | 'end',
  ) {}

  followHandler(handler: unknown): unknown {
    const callback = isObject(handler) ? memberOf(handler, 'callback') : undefined;
    if (!isObject(handler) || !isMethod(callback)) return handler;
    const name = nameOf(memberOf(handler, 'message'));
    return { ...handler, callback: this.#follow(name, callback) };
  }

  /** A reply may outlive its handler: it may be an Observable of many values. */
  followReplies(transform: Method): Method {
    return (result, ...rest) => {
      const reply = transform(result, ...rest);
      const message = isObject(result) ? this.#messages.get(result) : undefined;
      if (message === undefined || !(reply instanceof Observable || isObservable(reply))) return reply;
      message.begin();
      return reply.pipe(finalize(() => message.end()));
    };
  }

  #follow(name: string, callback: Method): Method {
    return (...args) => {
      if (!this.client.isTaking) return Promise.resolve(EMPTY);
      const message = messageOf(this.client.begin(name));
      try {
        const returned = callback(...args);
        const result = returned instanceof Promise ? returned.then((value) => this.#ending(value)) : returned;
        if (isObject(result)) this.#messages.set(result, message);
        const end = (): void => message.end();
        void Promise.resolve(result).then(end, end);
        return result;
      } catch (error) {
        message.end();
        throw error;
      }
    };
  }

  #ending(result: unknown): unknown {
    if (this.streams === 'finish' || !isObservable(result)) return result;
    return result.pipe(takeUntil(this.client.parting$));
  }
}

function messageOf(onEnd: () => void): Message {
  let parts = 1;
  return {
    begin: () => {
      parts += 1;
    },
    end: () => {
      parts -= 1;
      if (parts === 0) onEnd();
    },
  };
}

/** An event is nearly always a string, but may be any value, even one that JSON cannot represent. */
function nameOf(event: unknown): string {
  try {
    return typeof event === 'string' ? event : (JSON.stringify(event) ?? 'a message');
  } catch {
    return 'a message';
  }
}
