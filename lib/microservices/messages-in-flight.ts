import { EMPTY, isObservable, Observable, throwError } from 'rxjs';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';
import { AnsweringStreams } from './answering-streams.js';
import { CURRENT, Messages, type Message } from './messages.js';
import { nameOf, patternText } from './message-name.js';
import { wrapSlot } from './server-seams.js';
import type { WorkInFlight } from './transport-drain.js';

/** The error that a call is answered with which came when the server was draining: it never started. */
export const DRAINING = { status: 'draining', message: 'The server is draining; the call was not started.' };

/**
 * What becomes of a call: it is handled, answered with `DRAINING`, or left without an answer, where nothing can be
 * sent any more.
 */
export type Admission = 'take' | 'refuse' | 'ignore';

/** How the messages of a server are treated. */
export interface MessagePolicy {
  /** The streams that calls are answered with. */
  readonly answers?: AnsweringStreams;
  /** Asked for each call, by what Nest hands to the handler beside the data. Events are always taken. */
  readonly admit?: (context: object) => Admission;
}

/**
 * The messages that a server of Nest's microservices has taken in and not finished: from the moment in which it
 * starts to read one to the end of all its handlers, and to its last reply.
 *
 * The handlers are wrapped as they are added to the server, so that each is counted by itself: Nest joins two of one
 * event, and looks no further once the first has failed. A strategy that calls them by itself is seen as well.
 */
export class MessagesInFlight implements WorkInFlight {
  /** The members of a server that its messages are followed by. */
  static readonly seams: readonly string[] = ['addHandler', 'onProcessingStartHook', 'send'];

  readonly #messages: Messages;
  readonly #byContext = new WeakMap<object, Message>();
  /** What Nest hands to the handlers of events. Anything else that it begins is a call. */
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

  /** Resolves when all that is in flight at this moment has ended, whatever comes meanwhile. */
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
    // A strategy may have come with handlers of its own.
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

  /** The slot of the hook is single, and a tracer that comes later takes it: ours stands in front of any. */
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

  /** A reply is in flight until its last packet has been handed to the transport. */
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

  /** A handler that is counted; what Nest writes on it, such as the next one of its event, is written on it itself. */
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
      // Whoever asked for a stream may come to it a few ticks later.
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

/** A stream that counts as a part of the message from each subscription to its end. */
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
