/** The number of stack frames to look at: a call from a route handler is near the top. */
const FRAMES = 50;

/** The name of a route handler if the stack has only Nest's own frames left. */
export const SOME_ROUTE = 'some route';

/** The file of Nest that calls route handlers. */
const ROUTE_FRAME = /router-execution-context/;

/**
 * The callers of the current call: `Class.method` of every frame, including the async functions that await it. Frames
 * before a callback are not on the stack.
 */
export function callers(): ReadonlySet<string> {
  const { prepareStackTrace, stackTraceLimit } = Error;
  let frames: readonly NodeJS.CallSite[] = [];
  // Call sites instead of the stack text: source maps rewrite the text, and with it the names.
  Error.prepareStackTrace = (_, sites) => (frames = sites);
  Error.stackTraceLimit = FRAMES;
  try {
    void new Error('callers').stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
  return new Set(frames.flatMap(namesOf));
}

function namesOf(frame: NodeJS.CallSite): readonly string[] {
  const type = frame.getTypeName();
  const names = [frame.getMethodName(), frame.getFunctionName()].filter((name) => typeof name === 'string');
  return [
    ...(ROUTE_FRAME.test(frame.getFileName() ?? '') ? [SOME_ROUTE] : []),
    // V8 may include the class name already.
    ...names.map((name) => (type === null || name.startsWith(`${type}.`) ? name : `${type}.${name}`)),
  ];
}

/**
 * Counts the pieces of work that started the shutdown and await its end: the run must not wait for them.
 *
 * Only the name of such a piece is known. But it cannot end before the run, so once the number of running pieces with
 * that name is down to the number that asked, only those are left.
 */
export class SelfWaits {
  readonly #asked = new Map<string, number>();

  add(name: string): void {
    this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.#asked.size === 0;
  }

  /** Whether all running pieces of this name wait for the run. */
  covers(name: string, running: number): boolean {
    return running <= (this.#asked.get(name) ?? 0);
  }
}
