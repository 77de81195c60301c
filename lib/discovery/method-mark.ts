/**
 * The marks of all decorated methods are stored on the class, so that a scan reads one property per provider and
 * ignores its other methods. A property is many times faster to read than reflected metadata, and the scan reads it
 * for every class of the application. `Symbol.for` lets two copies of the package read each other's marks.
 */
const MARKS: unique symbol = Symbol.for('nestjs-phased-shutdown.marks');

/** A class that may have decorated methods. */
export interface MarkedClass {
  readonly name: string;
  readonly [MARKS]?: readonly MethodMark[];
}

/** What one of our decorators stored about a method. */
export interface MethodMark {
  /** The decorator that stored it. */
  readonly decorator: '@OnShutdown' | '@InFlight';
  readonly method: string | symbol;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Stores a mark on the class of a method.
 *
 * @throws TypeError if the method is static
 */
export function markMethod(prototype: object, mark: MethodMark): void {
  if (typeof prototype === 'function') {
    throw new TypeError(
      `${mark.decorator} on ${prototype.name}.${String(mark.method)}: expected an instance method, got a static one. Remove \`static\`.`,
    );
  }
  // Methods are decorated from top to bottom, but the decorators of one method apply from bottom to top. The marks
  // keep the order of the source.
  const marks = ownMarks(prototype.constructor);
  const sameMethod = marks.findIndex((each) => each.method === mark.method);
  const place = sameMethod === -1 ? marks.length : sameMethod;
  const value = marks.toSpliced(place, 0, mark);
  Object.defineProperty(prototype.constructor, MARKS, { value, configurable: true });
}

const NONE: readonly MethodMark[] = [];

/**
 * The marks of a class and its base classes, base classes first. Decorating an inherited method again replaces the
 * marks of the base class.
 */
export function marksOf(type: MarkedClass): readonly MethodMark[] {
  if (!isMarked(type)) return NONE;
  const base: unknown = Object.getPrototypeOf(type);
  const inherited = typeof base === 'function' ? marksOf(base) : [];
  const own = ownMarks(type);
  const replaced = (mark: MethodMark): boolean =>
    own.some((each) => each.method === mark.method && each.decorator === mark.decorator);
  return [...inherited.filter((mark) => !replaced(mark)), ...own];
}

/** The class may be a proxy that throws on property access. */
function isMarked(type: MarkedClass): boolean {
  try {
    return type[MARKS] !== undefined;
  } catch {
    return false;
  }
}

function ownMarks(type: MarkedClass): readonly MethodMark[] {
  return (Object.hasOwn(type, MARKS) ? type[MARKS] : undefined) ?? NONE;
}
