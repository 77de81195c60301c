/** How the tasks of a phase are ordered. */
export type Mode = 'parallel' | 'sequential' | 'dependency';

/** What becomes of the phases that come after a phase whose tasks did not all complete. */
export type OnFailure = 'continue' | 'abort';

export const MODES: readonly Mode[] = ['parallel', 'sequential', 'dependency'];
export const ON_FAILURE: readonly OnFailure[] = ['continue', 'abort'];

/** The phase of a task that names none. */
export const DEFAULT_PHASE = 'close';

/** The phase that every plan has: readiness says no, and the application still serves. */
export const UNREADY_PHASE = 'unready';

/** The phase that features which finish accepted work go to, where their option names no other. */
export const DRAIN_PHASE = 'drain';

interface PhaseSettings {
  /**
   * How the tasks of the phase are ordered.
   * @default 'parallel'
   */
  readonly mode?: Mode;
  /**
   * Names of the phases that must have ended before this one starts. `[]` starts at once.
   * @default the phase before this one in the list
   */
  readonly after?: readonly string[];
  /**
   * `'abort'` skips the phases that come after this one when a task of it fails or times out.
   * @default 'continue'
   */
  readonly onFailure?: OnFailure;
  /**
   * `false` skips the phase; the number of its tasks is reported.
   * @default true
   */
  readonly enabled?: boolean;
}

/**
 * An ordered bucket of the shutdown, as it is written in the options.
 *
 * `timeout` is in milliseconds, from the start of the phase. Only `unready` may leave it out: it then
 * has `shutdownDelay` + 1 000.
 */
export type PhaseOptions = PhaseSettings &
  (
    | { readonly name: typeof UNREADY_PHASE; readonly timeout?: number }
    | { readonly name: string; readonly timeout: number }
  );

/** A phase with every default filled in. */
export interface Phase {
  readonly name: string;
  readonly mode: Mode;
  /** Milliseconds from the start of the phase. */
  readonly timeout: number;
  readonly after: readonly string[];
  readonly onFailure: OnFailure;
  readonly enabled: boolean;
}

/**
 * The phases of an application that configures none, to be spread and extended.
 *
 * | phase | what belongs there |
 * |---|---|
 * | `unready` | readiness says no, the application still serves; leave service discovery, stop schedules |
 * | `drain` | stop taking work and finish what was taken |
 * | `flush` | hand over what is buffered |
 * | `close` | release connections and files |
 */
export const DEFAULT_PHASES: readonly PhaseOptions[] = Object.freeze([
  Object.freeze({ name: UNREADY_PHASE, mode: 'parallel' as const }),
  Object.freeze({ name: DRAIN_PHASE, mode: 'parallel' as const, timeout: 15_000 }),
  Object.freeze({ name: 'flush', mode: 'parallel' as const, timeout: 3_000 }),
  Object.freeze({ name: 'close', mode: 'dependency' as const, timeout: 5_000 }),
]);
