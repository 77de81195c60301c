/** Members of objects that are not ours, and that no public API reaches: asked for by name, and never trusted. */

/** A method of which only the place among its arguments is known. */
export type Method = (...args: readonly unknown[]) => unknown;

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The members of the list that the object does not have. */
export function missingMembers(target: object, members: readonly string[]): readonly string[] {
  return members.filter((member) => !(member in target));
}

/** A member of the object, also a protected one. */
export function memberOf(target: object, member: string): unknown {
  return Reflect.get(target, member);
}

/** Calls a method without arguments, if there is one. */
export function callMember(target: object, member: string): unknown {
  const method: unknown = Reflect.get(target, member);
  return isMethod(method) ? Reflect.apply(method, target, []) : undefined;
}

/** Puts another method in place of one, if there is one. */
export function replaceMethod(target: object, member: string, make: (original: Method) => Method): void {
  const original: unknown = Reflect.get(target, member);
  if (!isMethod(original)) return;
  const value = make((...args) => Reflect.apply(original, target, args));
  Object.defineProperty(target, member, { configurable: true, writable: true, value });
}

/** The classes that an object is made of, the nearest first. */
export function classesOf(instance: object): readonly object[] {
  const classes = prototypesOf(instance).map((level) => valueOf(level, 'constructor'));
  return classes.filter((each) => typeof each === 'function');
}

/** The names of the classes that an object is made of, the nearest first. */
export function classNames(instance: object): readonly string[] {
  return classesOf(instance).map(nameOf);
}

/**
 * Whether an object that is not ours has a method, without calling anything of it: a getter may do something, a proxy
 * may throw at whoever asks it, and some objects have no prototype.
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

/** Every prototype of an object, the nearest first. */
function prototypesOf(instance: object): readonly object[] {
  const levels: object[] = [];
  try {
    for (let level: unknown = Object.getPrototypeOf(instance); isObject(level);) {
      // A proxy may stand for an endless chain.
      if (levels.length === MOST_LEVELS) break;
      levels.push(level);
      level = Object.getPrototypeOf(level);
    }
  } catch {
    // A proxy that does not say.
  }
  return levels;
}

const MOST_LEVELS = 100;

/** A member of one object alone, if it is no getter. */
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
