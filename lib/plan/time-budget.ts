import { MAX_TIMEOUT } from './check-setting.js';
import type { Phase } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { LongestPath } from './shutdown-plan.js';

/** Milliseconds of the grace period that are reserved for the end of the process. */
export const RESERVE = 1_000;

/** What `unready` has beyond its delay, so that the delay does not time out. */
const UNREADY_MARGIN = 1_000;

/** No suggested cut leaves a phase less than this. */
export const SHORTEST_CUT = 1_000;

/**
 * A length of time in milliseconds: the difference of two instants, or 0 where that is negative or not a number. A
 * clock or a feature may return anything, and no report, log line or error shows "-33 ms".
 */
export function duration(ms: number): number {
  return ms > 0 ? ms : 0;
}

/** The instant at which a time is over, or `latest` where that comes first. */
export function deadlineAfter(start: number, ms: number, latest = Infinity): number {
  return Math.min(start + ms, latest);
}

/** Milliseconds from now until a deadline, or `least` where less is left. */
export function timeLeft(deadline: number, now: number, least = 0): number {
  return Math.max(least, duration(deadline - now));
}

/** The same for a timer, which has to know by how much the deadline has passed: below 0 by that much. */
export function timeUntil(deadline: number, now: number): number {
  return deadline - now;
}

export function earliest(deadlines: readonly number[]): number {
  return Math.min(...deadlines);
}

export function shorter(a: number, b: number): number {
  return Math.min(a, b);
}

/** What a task may take from its own start: its timeout, that of its phase, or the limit of the run. */
export function taskTimeout(
  task: { readonly timeout?: number },
  phase: Pick<Phase, 'timeout'> | undefined,
  runLimitMs: number,
): number {
  return task.timeout ?? phase?.timeout ?? runLimitMs;
}

/** The path through the enabled phases with the largest sum of timeouts: the worst case of a run. */
export function longestPath({ phases, graph }: PhaseGraph): LongestPath {
  const ends: number[] = phases.map(() => 0);
  const comesFrom: (number | undefined)[] = phases.map(() => undefined);
  let last: number | undefined;
  // Phases stand in topological order, so each is complete before its successors read it.
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

/** By how much a path takes longer than a limit; 0 or less where it does not. */
export function excess(path: Pick<LongestPath, 'ms'>, limitMs: number): number {
  return path.ms - limitMs;
}

/** The limits of one shutdown, in milliseconds from its trigger. */
export interface ShutdownLimits {
  /** The run has ended. */
  readonly run: number;
  /** Nest has closed the rest, and the process exits. Half of the reserve is left until the platform kills it. */
  readonly exit: number;
  /** A start that is under way is no longer waited for, so that the phases still have their time. */
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

/** Milliseconds from its trigger after which every run has ended. */
export function runLimit(gracePeriod: number): number {
  return gracePeriod - RESERVE;
}

/** How a plan fits what a platform grants. All times are in milliseconds. */
export interface Fit {
  /** What the platform waits before it sends the signal, such as a preStop hook. */
  readonly heldMs: number;
  /** What the platform grants from the signal to the kill. */
  readonly availableMs: number;
  /** What is available to the phases. */
  readonly phasesMs: number;
  /** What the plan and the end of the process need from the signal to the kill. */
  readonly neededMs: number;
  /** What is missing; 0 or less where the plan fits. */
  readonly missingMs: number;
}

/** @param grantedMs what the platform grants, with what it waits before the signal */
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

/** What a platform has to grant so that this much is left after what it waits before the signal. */
export function grantFor(ms: number, { heldMs }: Pick<Fit, 'heldMs'>): number {
  return ms + heldMs;
}

/** A timeout that is cut by what is missing, as far as it can be. */
export function cutTimeout(timeout: number, missingMs: number): number {
  return Math.max(SHORTEST_CUT, timeout - missingMs);
}

/** The `shutdownDelay` that fits where its phase is cut. */
export function cutDelay(
  shutdownDelay: number,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  return duration(shutdownDelay - (from - to));
}

/** For sorting: the longest timeout first. */
export function longestFirst(a: Pick<Phase, 'timeout'>, b: Pick<Phase, 'timeout'>): number {
  return b.timeout - a.timeout;
}

/** The timeout of `unready` where none is written. */
export function unreadyTimeout(shutdownDelay: number): number {
  return Math.min(shutdownDelay + UNREADY_MARGIN, MAX_TIMEOUT);
}

/** How long a failing probe takes to be noticed in the worst case. */
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

/** The time of a drain, in milliseconds: first it waits, and then it ends what has not finished. */
export interface DrainTime {
  readonly waitMs: number;
  readonly endMs: number;
}

/** Divides the time that a drain has left. Ending gets what it wants, and at most half. */
export function divideDrain(leftMs: number, wantedMs: number): DrainTime {
  const endMs = Math.min(wantedMs, half(leftMs));
  return { waitMs: leftMs - endMs, endMs };
}

export function half(ms: number): number {
  return ms / 2;
}
