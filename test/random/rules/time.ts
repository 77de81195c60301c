import { SLACK } from '../observe.js';
import { endsProcess } from '../scenario.js';
import { of } from '../journal.js';
import { couldNotClose, logOf, over, TOLERANCE, type Rule } from './facts.js';

/** Clocks of two kinds, and timers that fire within their millisecond. */
const ROUNDING = 5;

/** The engine reads the clock twice for a task that is late; a busy machine may pause it in between. */
const PAUSE = 100;

/** Rule 5: a task ends at its own timeout, its phase's, or the deadline of the run; then its signal aborts. */
export const timeouts: Rule = (facts) => {
  const { lives, phases, runStart, exit, observation, blockedMs } = facts;
  const lastAt = exit?.at ?? observation.exitedAt;
  return lives.flatMap((life) => {
    const [start] = life.starts;
    const phase = phases.get(life.phase);
    if (start === undefined || phase === undefined) return [];
    const faults: string[] = [];
    const allowed = Math.min(life.spec?.timeout ?? Infinity, phase.timeout);
    if (start.deadline > start.at + allowed + ROUNDING) {
      faults.push(`${life.name} had ${Math.round(start.deadline - start.at)} ms instead of ${allowed}`);
    }
    const isInRun = runStart !== undefined && start.index > runStart.index && life.fate !== 'disposed';
    if (isInRun && runStart.step === 'started' && start.deadline > runStart.deadline + PAUSE) {
      faults.push(`${life.name} had time beyond the end of the run`);
    }
    if (life.abort !== undefined && life.abort.at < start.deadline - ROUNDING) {
      faults.push(
        `the signal of ${life.name} aborted ${Math.round(start.deadline - life.abort.at)} ms too early`,
      );
    }
    const limit = start.deadline + blockedMs + TOLERANCE;
    if ((over(life)?.at ?? lastAt) > limit && lastAt > limit) {
      faults.push(`${life.name} was not ended at its timeout`);
    }
    return faults;
  });
};

/** Rule 5: the run has its end, a second before that of the grace period. */
export const runInTime: Rule = ({ scenario, runStart, runEnd, exit, observation, blockedMs }) => {
  if (runStart?.step !== 'started') return [];
  const faults: string[] = [];
  const limit = scenario.options.gracePeriod - 1_000;
  if (runStart.deadline > runStart.at + limit + ROUNDING)
    faults.push('the run had more time than the grace period');
  const endedAt = runEnd?.at ?? exit?.at ?? observation.exitedAt;
  if (endedAt > runStart.deadline + blockedMs + TOLERANCE) faults.push('the run went on beyond its deadline');
  return faults;
};

/** Rule 9: a plan whose longest path does not fit the grace period is warned of at the start, and no other. */
export const fits: Rule = (facts) => {
  const { scenario, phases } = facts;
  const { logger, options, stdoutGone } = scenario;
  if (logger === 'none' || (logger === 'nest' && stdoutGone) || of(facts.entries, 'up').length === 0)
    return [];
  const ends = new Map<string, number>();
  for (const { name, timeout, enabled, before } of phases.values()) {
    const from = Math.max(0, ...Array.from(before, (each) => ends.get(each) ?? 0));
    ends.set(name, from + (enabled ? timeout : 0));
  }
  const longest = Math.max(...ends.values());
  const isWarned = logOf(facts).includes("'does-not-fit'");
  if (longest + 1_000 > options.gracePeriod === isWarned) return [];
  return isWarned
    ? ['the plan fits into its grace period, and a line says that it does not']
    : [`the plan takes ${longest} ms and 1 000 of ${options.gracePeriod}, and no line says so`];
};

/** Every process is out in its grace period. */
export const outInTime: Rule = (facts) => {
  const { scenario, observation, entries, exit, runStart, blockedMs } = facts;
  const faults: string[] = [];
  // What Nest could not close keeps its server, and where nobody asked for the end of the process nobody ends it.
  const isLeftOpen =
    !endsProcess(scenario) &&
    (of(entries, 'closed').some(({ how }) => how === 'rejected') || couldNotClose(facts));
  if (observation.overdue && !isLeftOpen) faults.push('the process had to be killed');
  if (!endsProcess(scenario)) return faults;
  const fatal = of(entries, 'asked').filter(({ trigger }) => isFatal(scenario.triggers[trigger]?.what));
  const first = Math.min(...observation.sent.map(({ at }) => at), ...fatal.map(({ at }) => at));
  const { gracePeriod } = scenario.options;
  if (observation.exitedAt > first + gracePeriod + blockedMs + SLACK)
    faults.push('the process was not out in its grace period');
  // By its own clock, on which the time is not counted in which the machine let it wait before it began.
  if (exit !== undefined && runStart?.step === 'started' && runStart.at >= first - ROUNDING) {
    const end = runStart.deadline + 1_000;
    if (exit.at > end + blockedMs + TOLERANCE)
      faults.push(`it exited ${Math.round(exit.at - end)} ms after its grace period`);
  }
  return faults;
};

export function isFatal(what: string | undefined): boolean {
  return what === 'uncaught' || what === 'rejection';
}
