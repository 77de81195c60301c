import 'reflect-metadata';

/**
 * The marks of all decorated methods stand on the class, so that a scan asks each provider once and never
 * looks at its other methods. `Symbol.for`, so that two copies of the package read each other's marks.
 */
const MARKS = Symbol.for('nestjs-phased-shutdown.marks');

/** What a decorator of ours wrote down about one method. */
export interface MethodMark {
  /** Which decorator wrote it. */
  readonly decorator: '@OnShutdown' | '@InFlight';
  readonly method: string | symbol;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Writes a mark on the class of a method.
 *
 * @throws TypeError where the decorator stands on a static method
 */
export function markMethod(prototype: object, mark: MethodMark): void {
  if (typeof prototype === 'function') {
    throw new TypeError(
      `${mark.decorator} on ${prototype.name}.${String(mark.method)}: it is static, and only methods of a provider's instance can be found. Remove \`static\`.`,
    );
  }
  // Decorators of one method apply from the bottom up; marks stand in the order of the source.
  Reflect.defineMetadata(MARKS, [mark, ...ownMarks(prototype.constructor)], prototype.constructor);
}

/** The marks of a class and its bases, bases first; a method that is decorated again replaces its base's. */
export function marksOf(type: object): readonly MethodMark[] {
  if (Reflect.getMetadata(MARKS, type) === undefined) return [];
  const base: unknown = Object.getPrototypeOf(type);
  const inherited = typeof base === 'function' ? marksOf(base) : [];
  const own = ownMarks(type);
  const replaced = (mark: MethodMark): boolean =>
    own.some((each) => each.method === mark.method && each.decorator === mark.decorator);
  return [...inherited.filter((mark) => !replaced(mark)), ...own];
}

function ownMarks(type: object): readonly MethodMark[] {
  const marks: unknown = Reflect.getOwnMetadata(MARKS, type);
  return Array.isArray(marks) ? marks : [];
}
