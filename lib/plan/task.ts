import type { Mode } from './phase.js';
import type { ShutdownReason } from './reason.js';

/** What a task is told when it runs. */
export interface ShutdownContext {
  readonly reason: ShutdownReason;
  /** The name of the phase that the task runs in. */
  readonly phase: string;
  /** Aborts when the task's time is over; its reason is a `ShutdownTimeoutError`. */
  readonly signal: AbortSignal;
  /** When the task's time is over: milliseconds since the epoch, comparable with `Date.now()`. */
  readonly deadline: number;
}

/** One piece of accepted and unfinished work, as the report and the progress line name it. */
export interface InFlightItem {
  readonly name: string;
  /** Milliseconds since it was accepted. */
  readonly ageMs: number;
}

/** The name, or the name with a number where it is taken. It is taken from now on. */
export function distinctName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} #${number}`;
  taken.add(free);
  return free;
}

/** What the engine runs: a name, a phase, a function, and its place among its neighbours. */
export interface ShutdownTask {
  /** Unique among the tasks that have not ended. */
  readonly name: string;
  /** @default 'close' */
  readonly phase?: string;
  /** Called at most once. May return a promise; what it throws is reported and stops nobody else. */
  readonly run: (context: ShutdownContext) => unknown;
  /** Overrides the mode of the phase for this task. */
  readonly mode?: Mode;
  /**
   * The place among the tasks of the phase where a mode is `sequential`: lower runs earlier.
   * @default 0
   */
  readonly order?: number;
  /**
   * Names of tasks that must have ended before this one starts: of the same phase, or of a phase
   * that comes before it, where it says that the order is meant.
   */
  readonly after?: readonly string[];
  /**
   * Milliseconds from the task's own start.
   * @default the timeout of the phase
   */
  readonly timeout?: number;
  /** The provider that the task belongs to: its place in `dependency` mode. */
  readonly owner?: object;
  /** @internal Milliseconds that the task waits on purpose. Until they are over, nobody has to be told of it. */
  readonly expectedMs?: number;
  /** What the task is waiting for, asked for the progress line and when its time is over. */
  readonly inFlight?: () => readonly InFlightItem[];
}
