import type { INestApplicationContext } from '@nestjs/common';
import { callMember, isMethod, isObject, memberOf, replaceMethod, type Method } from './members.js';

/**
 * The members of Nest's applications that no public API reaches, and the order of its hooks. Each is looked
 * for by its feature; where one is missing, the caller hears of it and does without.
 */

/** Answers an application through Nest's proxies with the object that they stand before. */
const SELF = Symbol.for('nestjs-phased-shutdown.self');

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
    return members.filter((member) => !isMethod(memberOf(this.raw, member)));
  }

  /**
   * Puts another method in place of one, if there is one. The original is taken before it is replaced:
   * Nest's proxies bind late, and would find the replacement.
   */
  replace(member: string, make: (original: Method) => Method): void {
    replaceMethod(this.raw, member, make);
  }

  define(member: string | symbol, value: unknown): void {
    Object.defineProperty(this.raw, member, { configurable: true, writable: true, value });
  }

  /** The names of the list that are set in the options with which the application was created. */
  optionsSet(names: readonly string[]): readonly string[] {
    const options: unknown = Reflect.get(this.raw, 'appOptions');
    if (!isObject(options)) return [];
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
    callMember(this.raw, member);
  }

  /**
   * Closes the application as Nest does for a signal: the hooks are told the signal, which the `close()` of
   * a microservice drops. That is the `close` nearest to the root of the prototypes.
   */
  async closeForSignal(signal?: string): Promise<void> {
    let close: Method | undefined;
    let level: unknown = Object.getPrototypeOf(this.raw);
    while (isObject(level)) {
      const own: unknown = Object.getOwnPropertyDescriptor(level, 'close')?.value;
      if (isMethod(own)) close = own;
      level = Object.getPrototypeOf(level);
    }
    if (close !== undefined) await Reflect.apply(close, this.raw, [signal]);
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
