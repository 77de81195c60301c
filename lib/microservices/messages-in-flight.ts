import { EMPTY, isObservable, Observable, throwError } from 'rxjs';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';
import { AnsweringStreams } from './answering-streams.js';
import { CURRENT, Messages, type Message } from './messages.js';
import { nameOf, patternText } from './message-name.js';
import { wrapSlot } from './server-seams.js';
import type { WorkInFlight } from './transport-drain.js';

/**
 * The error that answers a call which arrived during the drain. The call was never started, so it is safe to retry.
 */
export const DRAINING = { status: 'draining', message: 'The server is draining; the call was not started.' };

/**
 * The decision about a call: handle it, answer it with `DRAINING`, or ignore it when nothing can be sent any more.
 */
export type Admission = 'take' | 'refuse' | 'ignore';

/** How the messages of a server are treated. */
export interface MessagePolicy {
  /** The streams that calls are answered with. */
  readonly answers?: AnsweringStreams;
  /** Decides about each call by its context. Events are always taken. */
  readonly admit?: (context: object) => Admission;
}

/**
 * The messages that one of Nest's microservice servers has taken and not finished: from the start of reading to the
 * end of all message handlers and the last reply.
 *
 * Handlers are wrapped when they are added to the server, so each counts separately: Nest merges two handlers of
 * the same event, and forgets the second when the first fails. This also covers a strategy that calls handlers
 * itself.
 */
export class MessagesInFlight implements WorkInFlight {
  /** The members of a server that make its messages visible. */
  static readonly seams: readonly string[] = ['addHandler', 'onProcessingStartHook', 'send'];

  readonly #messages: Messages;
  readonly #byContext = new WeakMap<object, Message>();
  /** The contexts of events. Every other context that Nest starts belongs to a call. */
  readonly #events = new WeakSet<object>();
  readonly #unanswered = new WeakSet<Message>();
  readonly #answers: AnsweringStreams;
  readonly #admit: (context: object) => Admission;

  constructor(server: object, clock: Clock, { answers, admit }: MessagePolicy = {}) {
    this.#messages = new Messages(clock);
    this.#answers = answers ?? new AnsweringStreams('finish');
    this.#admit = admit ?? (() => 'take');
    this.#followReading(server);
    this.#followHandlers(server);
    this.#followBeginning(server);
    this.#followReplies(server);
  }

  get items(): readonly InFlightItem[] {
    return this.#messages.items;
  }

  idle(): Promise<void> {
    return this.#messages.idle();
  }

  /** Resolves when everything in flight now has ended. Messages that arrive meanwhile do not count. */
  settled(): Promise<void> {
    return this.#messages.settled();
  }

  #followReading(server: object): void {
    replaceMethod(server, 'handleMessage', (original) => (...args) => {
      const result = original(...args);
      if (result instanceof Promise) this.#messages.read(result);
      return result;
    });
    replaceMethod(server, 'handleEvent', (original) => (pattern, packet, context, ...rest) => {
      if (isObject(context)) this.#events.add(context);
      return original(pattern, packet, context, ...rest);
    });
  }

  #followHandlers(server: object): void {
    const handlers = memberOf(server, 'messageHandlers');
    // A custom strategy may have handlers from the start.
    if (handlers instanceof Map) {
      for (const [pattern, handler] of handlers) {
        if (isMethod(handler)) handlers.set(pattern, this.#counted(handler, patternText(pattern)));
      }
    }
    replaceMethod(server, 'addHandler', (original) => (pattern, handler, ...rest) => {
      const counted = isMethod(handler) ? this.#counted(handler, patternText(pattern)) : handler;
      return original(pattern, counted, ...rest);
    });
  }

  /** The hook's slot holds one function, and a tracer may fill it later: ours runs in front of any. */
  #followBeginning(server: object): void {
    if (!('onProcessingStartHook' in server)) return;
    wrapSlot(server, 'onProcessingStartHook', (hook) => (transport, context, done) => {
      if (!isObject(context) || !isMethod(done)) return hook(transport, context, done);
      const message = this.#take(nameOf(context) ?? 'a message', context);
      const end = message.begin();
      const run = async (): Promise<unknown> => {
        try {
          return await done();
        } finally {
          end();
        }
      };
      return CURRENT.run(message, () => hook(transport, context, run));
    });
  }

  /** A reply is in flight until its last packet has been passed to the transport. */
  #followReplies(server: object): void {
    replaceMethod(server, 'send', (original) => (stream, respond, ...rest) => {
      if (!isMethod(respond)) return original(stream, respond, ...rest);
      const current = CURRENT.getStore();
      const message =
        current !== undefined && this.#messages.has(current) ? current : this.#messages.take('a reply');
      const end = message.begin();
      const follow = async (packet: unknown): Promise<unknown> => {
        try {
          return this.#unanswered.has(message) ? undefined : await respond(packet);
        } finally {
          if (isObject(packet) && memberOf(packet, 'isDisposed') === true) end();
        }
      };
      return original(stream, follow, ...rest);
    });
  }

  #take(name: string, context?: object): Message {
    const message = this.#messages.take(name, () => context && this.#byContext.delete(context));
    if (context !== undefined) this.#byContext.set(context, message);
    return message;
  }

  /** A counted message handler. A proxy, so that properties which Nest sets, such as `next`, reach the original. */
  #counted(handler: Method, pattern: string): Method {
    return new Proxy(handler, {
      apply: (target, self, args: unknown[]) => {
        const context = args.find((each) => isObject(each) && this.#byContext.has(each));
        const begun = isObject(context) ? this.#byContext.get(context) : undefined;
        const message = begun ?? this.#take(pattern);
        if (isObject(context) && begun !== undefined && !this.#events.has(context)) {
          const admission = this.#admit(context);
          if (admission === 'ignore') this.#unanswered.add(begun);
          if (admission !== 'take') return admission === 'refuse' ? throwError(() => DRAINING) : EMPTY;
        }
        const isEvent = memberOf(target, 'isEventHandler') === true;
        return this.#follow(message, { call: () => Reflect.apply(target, self, args), isEvent });
      },
    });
  }

  #follow(
    message: Message,
    { call, isEvent }: { readonly call: () => unknown; readonly isEvent: boolean },
  ): unknown {
    const end = message.begin();
    const followed = (value: unknown): unknown => {
      if (!isObservable(value)) return value;
      return followedStream(isEvent ? value : this.#answers.limited(value), message);
    };
    try {
      const result = CURRENT.run(message, call);
      // Nest may subscribe to a returned stream a few ticks later.
      const endSoon = (): unknown => setImmediate(end);
      if (!(result instanceof Promise)) {
        endSoon();
        return followed(result);
      }
      result.then((value) => (isObservable(value) ? endSoon() : end()), end);
      return result.then(followed);
    } catch (error) {
      end();
      throw error;
    }
  }
}

/** Counts a stream as part of its message, from each subscription to its end. */
function followedStream(source: Observable<unknown>, message: Message): Observable<unknown> {
  return new Observable((subscriber) => {
    const end = message.begin();
    const subscription = CURRENT.run(message, () => source.subscribe(subscriber));
    return () => {
      subscription.unsubscribe();
      end();
    };
  });
}
