import type { Mode } from './phase.js';
import type { ShutdownReason } from './reason.js';

/** The argument of a handler. */
export interface ShutdownContext {
  readonly reason: ShutdownReason;
  /** The name of the phase. */
  readonly phase: string;
  /** Aborts when the task times out; its reason is a `ShutdownTimeoutError`. Pass it on to `fetch` and drivers. */
  readonly signal: AbortSignal;
  /** When the task times out, in milliseconds since the epoch: compare it with `Date.now()`. */
  readonly deadline: number;
}

/** One piece of unfinished work, as the report and the progress line show it. */
export interface InFlightItem {
  readonly name: string;
  /** Milliseconds since it was accepted. */
  readonly ageMs: number;
}

/** Returns the name, or `name #2` and so on if it is taken, and adds it to `taken`. */
export function distinctName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} #${number}`;
  taken.add(free);
  return free;
}

/** A task of the shutdown: a function, with the phase that it runs in. `@OnShutdown` and `register()` create one. */
export interface ShutdownTask {
  /** Unique among the tasks that have not ended. */
  readonly name: string;
  /** @default 'close' */
  readonly phase?: string;
  /**
   * Called at most once. The run waits for the promise, Observable, iterator or list of promises that it returns. What
   * it throws is reported, and the other tasks continue.
   */
  readonly run: (context: ShutdownContext) => unknown;
  /** Overrides the mode of the phase for this task. */
  readonly mode?: Mode;
  /**
   * The position in the phase, lower first. It has an effect if the phase or one of its tasks is `sequential`.
   * @default 0
   */
  readonly order?: number;
  /**
   * Names of tasks that must end before this one starts. They belong to the same phase, or to an earlier one: there the
   * name only confirms the order, and silences the startup check that doubts it.
   */
  readonly after?: readonly string[];
  /**
   * The upper bound of the task, in milliseconds from its start; at most the timeout of its phase.
   * @default the timeout of the phase
   */
  readonly timeout?: number;
  /** The provider that the task belongs to. In `dependency` mode, its injections order the task. */
  readonly owner?: object;
  /** @internal Milliseconds that the task waits on purpose. The progress line omits it until then. */
  readonly expectedMs?: number;
  /** Returns what the task waits for. Called for the progress line, and when the task times out. */
  readonly inFlight?: () => readonly InFlightItem[];
}
