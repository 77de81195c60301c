/** Access to members of foreign objects that no public API reaches. Every access checks that the member exists. */

/** A method with unknown parameter types. */
export type Method = (...args: readonly unknown[]) => unknown;

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The members in the list that the object does not have. */
export function missingMembers(target: object, members: readonly string[]): readonly string[] {
  return members.filter((member) => !(member in target));
}

/** Reads a member, including a protected one. */
export function memberOf(target: object, member: string): unknown {
  return Reflect.get(target, member);
}

/** Calls a method without arguments, if it exists. */
export function callMember(target: object, member: string): unknown {
  const method: unknown = Reflect.get(target, member);
  return isMethod(method) ? Reflect.apply(method, target, []) : undefined;
}

/** Replaces a method, if it exists. */
export function replaceMethod(target: object, member: string, make: (original: Method) => Method): void {
  const original: unknown = Reflect.get(target, member);
  if (!isMethod(original)) return;
  const value = make((...args) => Reflect.apply(original, target, args));
  Object.defineProperty(target, member, { configurable: true, writable: true, value });
}

/** The classes of an object, from its own class to the base classes. */
export function classesOf(instance: object): readonly object[] {
  const classes = prototypesOf(instance).map((level) => valueOf(level, 'constructor'));
  return classes.filter((each) => typeof each === 'function');
}

/** The names of the classes of an object, from its own class to the base classes. */
export function classNames(instance: object): readonly string[] {
  return classesOf(instance).map(nameOf);
}

/**
 * Whether a foreign object has a method, checked without running any code of it: a getter may have side effects, a
 * proxy may throw on access, and some objects have no prototype.
 */
export function hasMethod(instance: object, name: string | symbol): boolean {
  for (const level of [instance, ...prototypesOf(instance)]) {
    try {
      const found = Object.getOwnPropertyDescriptor(level, name);
      if (found !== undefined) return typeof found.value === 'function';
    } catch {
      return false;
    }
  }
  return false;
}

/** Every prototype of an object, nearest first. */
function prototypesOf(instance: object): readonly object[] {
  const levels: object[] = [];
  try {
    for (let level: unknown = Object.getPrototypeOf(instance); isObject(level);) {
      // A proxy may return an endless chain.
      if (levels.length === MOST_LEVELS) break;
      levels.push(level);
      level = Object.getPrototypeOf(level);
    }
  } catch {
    // A proxy may refuse to return its prototype.
  }
  return levels;
}

const MOST_LEVELS = 100;

/** Reads an own data property; ignores getters. */
function valueOf(target: object, member: string): unknown {
  try {
    return Object.getOwnPropertyDescriptor(target, member)?.value;
  } catch {
    return undefined;
  }
}

/** A class may have a static member `name`. */
function nameOf(type: object): string {
  const name = valueOf(type, 'name');
  return typeof name === 'string' ? name : '';
}
