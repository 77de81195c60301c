import { MAX_TIMEOUT } from './check-setting.js';
import type { Phase } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { LongestPath } from './shutdown-plan.js';

/** Milliseconds at the end of the grace period that are reserved for the exit of the process. */
export const RESERVE = 1_000;

/** Milliseconds of `unready` beyond its delay, so that the delay itself does not time out. */
const UNREADY_MARGIN = 1_000;

/** Milliseconds that a suggested cut leaves to a phase at least. */
export const SHORTEST_CUT = 1_000;

/**
 * Milliseconds, with negative values and NaN replaced by 0. A clock or a feature may return anything, and no report, log
 * line or error may show "-33 ms".
 */
export function duration(ms: number): number {
  return ms > 0 ? ms : 0;
}

/** The deadline `ms` after `start`, or `latest` if that is earlier. */
export function deadlineAfter(start: number, ms: number, latest = Infinity): number {
  return Math.min(start + ms, latest);
}

/** Milliseconds from now until a deadline, at least `least`. */
export function timeLeft(deadline: number, now: number, least = 0): number {
  return Math.max(least, duration(deadline - now));
}

/** Milliseconds from now until a deadline, negative if it has passed: a timer must know by how much it is late. */
export function timeUntil(deadline: number, now: number): number {
  return deadline - now;
}

export function earliest(deadlines: readonly number[]): number {
  return Math.min(...deadlines);
}

export function shorter(a: number, b: number): number {
  return Math.min(a, b);
}

/** The timeout of a task in milliseconds: its own, else that of its phase, else the limit of the run. */
export function taskTimeout(
  task: { readonly timeout?: number },
  phase: Pick<Phase, 'timeout'> | undefined,
  runLimitMs: number,
): number {
  return task.timeout ?? phase?.timeout ?? runLimitMs;
}

/** The chain of enabled phases with the largest sum of timeouts: the worst case of a run. */
export function longestPath({ phases, graph }: PhaseGraph): LongestPath {
  const ends: number[] = phases.map(() => 0);
  const comesFrom: (number | undefined)[] = phases.map(() => undefined);
  let last: number | undefined;
  // Phases are in topological order, so each is complete before its successors read it.
  phases.forEach((phase, index) => {
    ends[index] = (ends[index] ?? 0) + (phase.enabled ? phase.timeout : 0);
    if (last === undefined || (ends[index] ?? 0) > (ends[last] ?? 0)) last = index;
    for (const next of graph.after(index)) {
      if ((ends[index] ?? 0) <= (ends[next] ?? 0)) continue;
      ends[next] = ends[index] ?? 0;
      comesFrom[next] = index;
    }
  });
  const path: Phase[] = [];
  for (let index = last; index !== undefined; index = comesFrom[index]) {
    const phase = phases[index];
    if (phase?.enabled) path.push(phase);
  }
  return Object.freeze({
    phases: Object.freeze(path.toReversed()),
    ms: path.reduce((sum, phase) => sum + phase.timeout, 0),
  });
}

/** Milliseconds by which a path exceeds a limit; 0 or less if it fits. */
export function excess(path: Pick<LongestPath, 'ms'>, limitMs: number): number {
  return path.ms - limitMs;
}

/** The limits of one shutdown, in milliseconds from its trigger. */
export interface ShutdownLimits {
  /** The phases end. */
  readonly run: number;
  /** The process exits, whether or not Nest has closed the app. Half of the reserve is left before the kill. */
  readonly exit: number;
  /** The shutdown stops waiting for a start in progress, so that the phases keep their time. */
  readonly start: number;
}

export function shutdownLimits(gracePeriod: number, phases: PhaseGraph): ShutdownLimits {
  const run = runLimit(gracePeriod);
  return {
    run,
    exit: run + RESERVE / 2,
    start: Math.max(RESERVE, run - longestPath(phases).ms),
  };
}

/** Milliseconds from the trigger to the end of the run at the latest. */
export function runLimit(gracePeriod: number): number {
  return gracePeriod - RESERVE;
}

/** How a plan fits into the grace period of a platform. All times are in milliseconds. */
export interface Fit {
  /** From the start of the grace period to the signal, such as a preStop hook. */
  readonly heldMs: number;
  /** From the signal to the kill. */
  readonly availableMs: number;
  /** What is left for the phases. */
  readonly phasesMs: number;
  /** What the plan and the exit of the process need. */
  readonly neededMs: number;
  /** By how much the plan is too long; 0 or less if it fits. */
  readonly missingMs: number;
}

/** @param grantedMs the whole grace period, `heldMs` included */
export function fitOf(
  path: Pick<LongestPath, 'ms'>,
  { grantedMs, heldMs = 0 }: { readonly grantedMs: number; readonly heldMs?: number },
): Fit {
  const availableMs = grantedMs - heldMs;
  const neededMs = path.ms + RESERVE;
  return {
    heldMs,
    availableMs,
    phasesMs: availableMs - RESERVE,
    neededMs,
    missingMs: neededMs - availableMs,
  };
}

/** The grace period that leaves `ms` after the signal. */
export function grantFor(ms: number, { heldMs }: Pick<Fit, 'heldMs'>): number {
  return ms + heldMs;
}

/** A timeout shortened by what is missing, but not below `SHORTEST_CUT`. */
export function cutTimeout(timeout: number, missingMs: number): number {
  return Math.max(SHORTEST_CUT, timeout - missingMs);
}

/** The `shutdownDelay` that fits after its phase is cut. */
export function cutDelay(
  shutdownDelay: number,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  return duration(shutdownDelay - (from - to));
}

/** A comparator: the longest timeout first. */
export function longestFirst(a: Pick<Phase, 'timeout'>, b: Pick<Phase, 'timeout'>): number {
  return b.timeout - a.timeout;
}

/** The default timeout of `unready`. */
export function unreadyTimeout(shutdownDelay: number): number {
  return Math.min(shutdownDelay + UNREADY_MARGIN, MAX_TIMEOUT);
}

/** Milliseconds until the platform notices a failing probe, in the worst case. */
export function noticeTime({
  periodMs,
  failureThreshold,
  timeoutMs,
}: {
  readonly periodMs: number;
  readonly failureThreshold: number;
  readonly timeoutMs: number;
}): number {
  return periodMs * failureThreshold + timeoutMs;
}

/** How a drain divides its time, in milliseconds: it waits for the work in flight, then ends what has not finished. */
export interface DrainTime {
  readonly waitMs: number;
  readonly endMs: number;
}

/** Divides the time that a drain has left. Ending gets `wantedMs`, but at most half. */
export function divideDrain(leftMs: number, wantedMs: number): DrainTime {
  const endMs = Math.min(wantedMs, half(leftMs));
  return { waitMs: leftMs - endMs, endMs };
}

export function half(ms: number): number {
  return ms / 2;
}
