import { isMethod, type Method } from '../discovery/members.js';

/**
 * The members of Nest's transport servers that no public API reaches. Nest calls them late-bound, so they can be
 * replaced on an instance at any time. Each is looked for by its feature; where one is missing, nothing is
 * replaced, and `missingMembers` tells.
 */

export {
  callMember,
  classNames,
  isMethod,
  isObject,
  memberOf,
  replaceMethod,
  type Method,
} from '../discovery/members.js';

/** The members of the list that the server does not have. */
export function missingMembers(server: object, members: readonly string[]): readonly string[] {
  return members.filter((member) => !(member in server));
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
