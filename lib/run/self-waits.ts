/** So many frames are looked at: a call from a route handler stands near the top. */
const FRAMES = 50;

/** Stands for a route handler of which only Nest's own frames are left. */
export const SOME_ROUTE = 'some route';

/** The file of Nest that calls route handlers. */
const ROUTE_FRAME = /router-execution-context/;

/**
 * Where a call comes from: `Class.method` of every frame, also of the async functions that wait for it. Says
 * nothing of work behind a callback, whose frames are gone.
 */
export function callers(): ReadonlySet<string> {
  const { prepareStackTrace, stackTraceLimit } = Error;
  let frames: readonly NodeJS.CallSite[] = [];
  // The text of a stack is what source maps make of it, and names what they say.
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
    // V8 may have the class in front already.
    ...names.map((name) => (type === null || name.startsWith(`${type}.`) ? name : `${type}.${name}`)),
  ];
}

/**
 * How many pieces of work asked for the shutdown and wait for its end: nobody can wait for them in turn.
 *
 * Which piece asked is not known, only what it is called. But a piece that waits for the run cannot end before it,
 * so once no more than asked are running under a name, these are the ones.
 */
export class SelfWaits {
  readonly #asked = new Map<string, number>();

  add(name: string): void {
    this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.#asked.size === 0;
  }

  /** Whether all that run under the name asked. */
  covers(name: string, running: number): boolean {
    return running <= (this.#asked.get(name) ?? 0);
  }
}
