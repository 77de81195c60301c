import { AsyncLocalStorage } from 'node:async_hooks';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { isMethod, isObject, memberOf, missingMembers, replaceMethod } from '../discovery/members.js';
import { wrapSlot } from './server-seams.js';
import type { WorkInFlight } from './transport-drain.js';

interface Message {
  /** What Nest hands to the handler, and knows the message by. */
  readonly context: object;
  readonly name: string;
  readonly startedAt: number;
  /** Whether its handler decides when it is over, or the reply that is being sent. */
  endsWith: 'handler' | 'reply';
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * The messages that a server of Nest's microservices has taken in and not finished: from the moment in which it
 * starts to read one to the end of its handler, or to its last reply.
 *
 * Nest tells of the end of a handler by a hook, which comes before the reply with one major and with each
 * packet of a reply with another; so where a message is answered, the last packet counts instead.
 */
export class MessagesInFlight implements WorkInFlight {
  /** The members of a server that tell of its messages; the slot of the other hook is there once it is filled. */
  static readonly seams: readonly string[] = ['onProcessingStartHook', 'setOnProcessingEndHook', 'send'];

  readonly #messages = new Map<object, Message>();
  readonly #current = new AsyncLocalStorage<Message>();
  /** Messages that are being read: they have no pattern yet, and a deserializer may take its time. */
  readonly #reading = new Set<Promise<unknown>>();

  constructor(
    server: object,
    private readonly clock: Clock,
    /** How the end of an event is told: Kafka's server waits for it, and one major then leaves the hook out. */
    private readonly eventsEndBy: 'hook' | 'promise' = 'hook',
  ) {
    this.#countReading(server);
    this.#followHandlers(server);
    this.#followReplies(server);
  }

  get items(): readonly InFlightItem[] {
    const now = this.clock.now();
    return Array.from(this.#messages.values(), ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  async idle(): Promise<void> {
    do await this.settled();
    while (this.#messages.size > 0 || this.#reading.size > 0);
  }

  /** Resolves when all that is in flight at this moment has ended, whatever comes meanwhile. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
    await Promise.all(Array.from(this.#messages.values(), ({ over }) => over));
    // A reply may be published one tick after its handler has ended.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }

  #countReading(server: object): void {
    replaceMethod(server, 'handleMessage', (original) => (...args) => {
      const result = original(...args);
      const read = (): void => {
        this.#reading.delete(reading);
      };
      const reading: Promise<unknown> = Promise.resolve(result).then(read, read);
      this.#reading.add(reading);
      return result;
    });
  }

  /** The slots of the hooks are single, and a tracer that comes later takes them: ours stand in front of any. */
  #followHandlers(server: object): void {
    if (missingMembers(server, MessagesInFlight.seams).length > 0) return;
    wrapSlot(server, 'onProcessingStartHook', (hook) => (transport, context, done) => {
      if (!isObject(context) || !isMethod(done)) return hook(transport, context, done);
      const message = this.#begin(context);
      const run = async (): Promise<unknown> => {
        try {
          const result = await done();
          if (this.eventsEndBy === 'promise' && message.endsWith === 'handler') this.#end(context);
          return result;
        } catch (error) {
          this.#end(context);
          throw error;
        }
      };
      return this.#current.run(message, () => hook(transport, context, run));
    });
    wrapSlot(server, 'onProcessingEndHook', (hook) => (transport, context) => {
      if (isObject(context) && this.#messages.get(context)?.endsWith === 'handler') this.#end(context);
      return hook(transport, context);
    });
  }

  #followReplies(server: object): void {
    replaceMethod(server, 'send', (original) => (stream, respond, ...rest) => {
      const message = this.#current.getStore();
      if (message === undefined || !isMethod(respond)) return original(stream, respond, ...rest);
      message.endsWith = 'reply';
      const follow = async (packet: unknown): Promise<unknown> => {
        try {
          return await respond(packet);
        } finally {
          if (isObject(packet) && memberOf(packet, 'isDisposed') === true) this.#end(message.context);
        }
      };
      return original(stream, follow, ...rest);
    });
  }

  #begin(context: object): Message {
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const startedAt = this.clock.now();
    const message: Message = { context, name: nameOf(context), startedAt, endsWith: 'handler', over, end };
    this.#messages.set(context, message);
    return message;
  }

  #end(context: object): void {
    this.#messages.get(context)?.end();
    this.#messages.delete(context);
  }
}

/** What the contexts of the transports call the pattern of a message. */
const PATTERN_GETTERS = ['getPattern', 'getSubject', 'getTopic', 'getChannel'];

/** A pattern comes from outside: it is cut where it would fill the report. */
const NAME_LIMIT = 80;

function nameOf(context: object): string {
  for (const getter of PATTERN_GETTERS) {
    const get = memberOf(context, getter);
    const pattern: unknown = isMethod(get) ? Reflect.apply(get, context, []) : undefined;
    if (typeof pattern !== 'string') continue;
    return pattern.length > NAME_LIMIT ? `${pattern.slice(0, NAME_LIMIT)}…` : pattern;
  }
  return 'a message';
}
