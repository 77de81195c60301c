import type { INestApplicationContext } from '@nestjs/common';

/**
 * The members of Nest's applications that no public API reaches, and the order of its hooks. Each is looked
 * for by its feature; where one is missing, the caller hears of it and does without.
 */

/** Answers an application through Nest's proxies with the object that they stand before. */
const SELF = Symbol.for('nestjs-phased-shutdown.self');

type Method = (...args: readonly unknown[]) => unknown;

/** An application as it stands behind its proxies. */
export class NestApplicationSeam {
  private constructor(readonly raw: INestApplicationContext) {}

  /** Assigning to a created application is dropped by its proxy without a word; defining passes it. */
  static of(app: INestApplicationContext): NestApplicationSeam {
    let raw = app;
    Object.defineProperty(app, SELF, {
      configurable: true,
      value(this: INestApplicationContext) {
        raw = this;
      },
    });
    const reveal: unknown = Reflect.get(app, SELF);
    if (typeof reveal === 'function') Reflect.apply(reveal, app, []);
    Reflect.deleteProperty(raw, SELF);
    return new NestApplicationSeam(raw);
  }

  /** The members of the list that this application does not have. */
  missing(members: readonly string[]): readonly string[] {
    return members.filter((member) => this.#method(member) === undefined);
  }

  /**
   * Puts another method in place of one, if there is one. The original is taken before it is replaced:
   * Nest's proxies bind late, and would find the replacement.
   */
  replace(member: string, make: (original: Method) => Method): void {
    const original = this.#method(member);
    if (original === undefined) return;
    const { raw } = this;
    this.define(
      member,
      make((...args) => Reflect.apply(original, raw, args)),
    );
  }

  define(member: string | symbol, value: unknown): void {
    Object.defineProperty(this.raw, member, { configurable: true, writable: true, value });
  }

  /** The names of the list that are set in the options with which the application was created. */
  optionsSet(names: readonly string[]): readonly string[] {
    const options: unknown = Reflect.get(this.raw, 'appOptions');
    if (typeof options !== 'object' || options === null) return [];
    return names.filter((name) => Boolean(Reflect.get(options, name)));
  }

  /** Whether Nest listens to signals for this application: each major keeps them in a place of its own. */
  get listensToSignals(): boolean {
    const signals: unknown = Reflect.get(this.raw, 'activeShutdownSignals');
    const listeners: unknown = Reflect.get(this.raw, 'shutdownCleanupRefs');
    return (Array.isArray(signals) && signals.length > 0) || (listeners instanceof Map && listeners.size > 0);
  }

  has(member: symbol): boolean {
    return member in this.raw;
  }

  call(member: string): void {
    const method = this.#method(member);
    if (method !== undefined) Reflect.apply(method, this.raw, []);
  }

  /**
   * Closes the application as Nest does for a signal: the hooks are told the signal, which the `close()` of
   * a microservice drops. That is the `close` nearest to the root of the prototypes.
   */
  async closeForSignal(signal?: string): Promise<void> {
    let close: Method | undefined;
    let level: unknown = Object.getPrototypeOf(this.raw);
    while (typeof level === 'object' && level !== null) {
      const own: unknown = Object.getOwnPropertyDescriptor(level, 'close')?.value;
      if (isMethod(own)) close = own;
      level = Object.getPrototypeOf(level);
    }
    if (close !== undefined) await Reflect.apply(close, this.raw, [signal]);
  }

  #method(member: string): Method | undefined {
    const value: unknown = Reflect.get(this.raw, member);
    return isMethod(value) ? value : undefined;
  }
}

/**
 * Puts a module in front of all others in the order of Nest's destroy hooks, by the distance from the root
 * by which Nest sorts. Says whether Nest still has such a distance.
 */
export function moveToFront(module: object): boolean {
  if (typeof Reflect.get(module, 'distance') !== 'number') return false;
  return Reflect.set(module, 'distance', -1) && Reflect.get(module, 'distance') === -1;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
