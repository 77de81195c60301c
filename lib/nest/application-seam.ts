import type { INestApplicationContext } from '@nestjs/common';
import { callMember, isMethod, isObject, memberOf, replaceMethod, type Method } from './members.js';

/**
 * Members of Nest's applications that no public API reaches, and the order of Nest's hooks. Each feature looks for
 * the members it needs; if one is missing, the feature reports that and works without it.
 */

/** A property that returns the application behind Nest's proxies. */
const SELF = Symbol.for('nestjs-phased-shutdown.self');

/** An application without its proxies. */
export class NestApplicationSeam {
  private constructor(readonly raw: INestApplicationContext) {}

  /** Nest's proxy silently drops assignments to a created application; defining a property passes through it. */
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

  /** The members in the list that this application does not have. */
  missing(members: readonly string[]): readonly string[] {
    return members.filter((member) => !isMethod(memberOf(this.raw, member)));
  }

  /**
   * Replaces a method, if it exists. Reads the original before replacing it: Nest's proxies bind late and would find
   * the replacement.
   */
  replace(member: string, make: (original: Method) => Method): void {
    replaceMethod(this.raw, member, make);
  }

  define(member: string | symbol, value: unknown): void {
    Object.defineProperty(this.raw, member, { configurable: true, writable: true, value });
  }

  /** The names in the list that are set in the options the application was created with. */
  optionsSet(names: readonly string[]): readonly string[] {
    const options: unknown = Reflect.get(this.raw, 'appOptions');
    if (!isObject(options)) return [];
    return names.filter((name) => Boolean(Reflect.get(options, name)));
  }

  /** Whether Nest listens to signals for this application. Nest 11 and 12 keep the listeners in different members. */
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
   * Closes the application as Nest does on a signal: the hooks receive the signal, which the `close()` of a
   * microservice drops. The right method is the `close` nearest to the root of the prototype chain.
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
 * Moves a module to the front of Nest's destroy hooks, which Nest sorts by distance from the root. Returns whether
 * Nest still has such a distance.
 */
export function moveToFront(module: object): boolean {
  if (typeof Reflect.get(module, 'distance') !== 'number') return false;
  return Reflect.set(module, 'distance', -1) && Reflect.get(module, 'distance') === -1;
}
