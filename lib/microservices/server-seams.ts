import { isObservable } from 'rxjs';
import { callMember, isMethod, isObject, type Method } from '../nest/members.js';

/**
 * The members of Nest's transport servers that no public API reaches. Nest looks them up at each call, so they can
 * be replaced on an instance at any time. A missing member is not replaced, and `missingMembers` reports it.
 */

/**
 * Calls back for each server of the app, including those created later. Returns whether this version of Nest has
 * the undocumented `getRpcTargetRegistry()`.
 */
export function serversOf(modules: object, callback: (server: object) => void): boolean {
  const registry = callMember(modules, 'getRpcTargetRegistry');
  if (!isObservable(registry)) return false;
  registry.subscribe((server) => {
    if (isObject(server)) callback(server);
  });
  return true;
}

/**
 * Runs in front of a hook that is kept in a slot, whoever fills the slot and whenever. An empty slot counts as a
 * hook that does nothing, unless `whenEmpty` is given.
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
