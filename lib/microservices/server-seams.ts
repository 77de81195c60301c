import { isObservable } from 'rxjs';

/**
 * The members of Nest's transport servers that no public API reaches. Nest calls them late-bound, so they can be
 * replaced on an instance at any time. Each is looked for by its feature; where one is missing, nothing is
 * replaced, and `missingMembers` tells.
 */

/** A method of which only the place among its arguments is known. */
export type Method = (...args: readonly unknown[]) => unknown;

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Calls back for each server of the application, also for those that are made later. Says whether Nest tells of
 * them: `getRpcTargetRegistry()` of its container is documented nowhere.
 */
export function serversOf(modules: object, callback: (server: object) => void): boolean {
  const registry = callMember(modules, 'getRpcTargetRegistry');
  if (!isObservable(registry)) return false;
  registry.subscribe((server) => {
    if (isObject(server)) callback(server);
  });
  return true;
}

/** The members of the list that the server does not have. */
export function missingMembers(server: object, members: readonly string[]): readonly string[] {
  return members.filter((member) => !(member in server));
}

/** A member of the server, also a protected one. */
export function memberOf(server: object, member: string): unknown {
  return Reflect.get(server, member);
}

/** Calls a method without arguments, if there is one. */
export function callMember(target: object, member: string): unknown {
  const method: unknown = Reflect.get(target, member);
  return isMethod(method) ? Reflect.apply(method, target, []) : undefined;
}

/** Puts another method in place of one, if there is one. */
export function replaceMethod(server: object, member: string, make: (original: Method) => Method): void {
  const original: unknown = Reflect.get(server, member);
  if (!isMethod(original)) return;
  const value = make((...args) => Reflect.apply(original, server, args));
  Object.defineProperty(server, member, { configurable: true, writable: true, value });
}

/**
 * Stands in front of a hook that is kept in a slot, whoever fills the slot, and whenever. An empty slot counts
 * as a hook that does nothing, unless `whenEmpty` says what it does.
 */
export function wrapSlot(
  server: object,
  slot: string,
  wrap: (hook: Method) => Method,
  whenEmpty: Method = () => undefined,
): void {
  let held: unknown = Reflect.get(server, slot);
  const hook = (...args: readonly unknown[]): unknown =>
    isMethod(held) ? Reflect.apply(held, server, args) : whenEmpty(...args);
  const wrapped = wrap(hook);
  Object.defineProperty(server, slot, {
    configurable: true,
    enumerable: true,
    get: () => wrapped,
    set: (value: unknown) => {
      held = value;
    },
  });
}

/** The names of the classes that an object is made of, the nearest first. */
export function classNames(instance: object): readonly string[] {
  const names: string[] = [];
  for (let level: unknown = Object.getPrototypeOf(instance); isObject(level);) {
    const { constructor } = level;
    if (typeof constructor === 'function') names.push(constructor.name);
    level = Object.getPrototypeOf(level);
  }
  return names;
}
