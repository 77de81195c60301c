/**
 * Members of objects that are made by others, of which no type is known here: each is looked for by its feature,
 * so that no package is loaded to look.
 */

/** A method of which only the place among its arguments is known. */
export type Method = (...args: readonly unknown[]) => unknown;

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A member of an object, also a protected one. */
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
