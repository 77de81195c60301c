/** How the tasks of a phase are ordered. */
export type Mode = 'parallel' | 'sequential' | 'dependency';

/** If a task of a phase fails or times out: `continue` runs the later phases, `abort` skips those that depend on it. */
export type OnFailure = 'continue' | 'abort';

export const MODES: readonly Mode[] = ['parallel', 'sequential', 'dependency'];
export const ON_FAILURE: readonly OnFailure[] = ['continue', 'abort'];

/** The phase of a task without `phase`. */
export const DEFAULT_PHASE = 'close';

/** Every plan has this phase: readiness fails, and the app still serves requests. */
export const UNREADY_PHASE = 'unready';

/** The default phase of the features that finish accepted work. */
export const DRAIN_PHASE = 'drain';

interface PhaseSettings {
  /**
   * How the tasks of the phase are ordered:
   *
   * - `'parallel'`: all at once.
   * - `'sequential'`: one at a time, by `order`, then in the order of their discovery.
   * - `'dependency'`: a task runs after the tasks of everything that injects its provider.
   *
   * @default 'parallel'
   */
  readonly mode?: Mode;
  /**
   * Names of the phases that must end before this one starts. With `[]` it starts at the beginning of the run.
   * @default the previous phase in the list
   */
  readonly after?: readonly string[];
  /**
   * With `'abort'`, the phases that depend on this one are skipped if one of its tasks fails or times out.
   * @default 'continue'
   */
  readonly onFailure?: OnFailure;
  /**
   * `false` skips the phase and its tasks; the report lists them as skipped.
   * @default true
   */
  readonly enabled?: boolean;
}

/**
 * A phase of the shutdown, as written in the options.
 *
 * `timeout` is the upper bound of the phase, in milliseconds from its start. It is required, except for `unready`: there
 * it defaults to `shutdownDelay` + 1 000.
 */
export type PhaseOptions = PhaseSettings &
  (
    | { readonly name: typeof UNREADY_PHASE; readonly timeout?: number }
    | { readonly name: string; readonly timeout: number }
  );

/** A phase with its defaults applied. */
export interface Phase {
  readonly name: string;
  readonly mode: Mode;
  /** The upper bound of the phase, in milliseconds from its start. */
  readonly timeout: number;
  readonly after: readonly string[];
  readonly onFailure: OnFailure;
  readonly enabled: boolean;
}

/**
 * The default of the option `phases`. Spread it to add phases of your own.
 *
 * | phase | timeout | mode | what belongs there |
 * |---|---|---|---|
 * | `unready` | `shutdownDelay` + 1 000 | parallel | leave service discovery, stop schedules; the app still serves |
 * | `drain` | 15 000 | parallel | stop accepting work, finish the work in flight |
 * | `flush` | 3 000 | parallel | hand over buffers: outbox, producers, metrics |
 * | `close` | 5 000 | dependency | release connections and files |
 */
export const DEFAULT_PHASES: readonly PhaseOptions[] = Object.freeze([
  Object.freeze({ name: UNREADY_PHASE, mode: 'parallel' as const }),
  Object.freeze({ name: DRAIN_PHASE, mode: 'parallel' as const, timeout: 15_000 }),
  Object.freeze({ name: 'flush', mode: 'parallel' as const, timeout: 3_000 }),
  Object.freeze({ name: 'close', mode: 'dependency' as const, timeout: 5_000 }),
]);
