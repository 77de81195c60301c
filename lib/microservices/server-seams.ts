/**
 * The members of Nest's transport servers that no public API reaches. Nest calls them late-bound, so they can be
 * replaced on an instance at any time. Each is looked for by its feature; where one is missing, nothing is
 * replaced, and `missingMembers` tells.
 */
import { isMethod, isObject, type Method } from '../discovery/members.js';

export {
  callMember,
  isMethod,
  isObject,
  memberOf,
  missingMembers,
  replaceMethod,
  type Method,
} from '../discovery/members.js';

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
