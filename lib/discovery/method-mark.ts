/**
 * The marks of all decorated methods stand on the class, so that a scan asks each provider once and never
 * looks at its other methods. As a property, which is found many times faster than reflected metadata: the
 * scan asks every class of the application. `Symbol.for`, so that two copies of the package read each
 * other's marks.
 */
const MARKS: unique symbol = Symbol.for('nestjs-phased-shutdown.marks');

/** A class, which may have decorated methods. */
export interface MarkedClass {
  readonly name: string;
  readonly [MARKS]?: readonly MethodMark[];
}

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
  // Methods are decorated from the top down, but the decorators of one method apply from the bottom up;
  // marks stand in the order of the source.
  const marks = ownMarks(prototype.constructor);
  const sameMethod = marks.findIndex((each) => each.method === mark.method);
  const place = sameMethod === -1 ? marks.length : sameMethod;
  const value = marks.toSpliced(place, 0, mark);
  Object.defineProperty(prototype.constructor, MARKS, { value, configurable: true });
}

const NONE: readonly MethodMark[] = [];

/** The marks of a class and its bases, bases first; a method that is decorated again replaces its base's. */
export function marksOf(type: MarkedClass): readonly MethodMark[] {
  if (!isMarked(type)) return NONE;
  const base: unknown = Object.getPrototypeOf(type);
  const inherited = typeof base === 'function' ? marksOf(base) : [];
  const own = ownMarks(type);
  const replaced = (mark: MethodMark): boolean =>
    own.some((each) => each.method === mark.method && each.decorator === mark.decorator);
  return [...inherited.filter((mark) => !replaced(mark)), ...own];
}

/** A class may stand behind a proxy that throws at whoever asks it. */
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
