import { of } from '../journal.js';
import { outcomeOf, over, reported, straggles, type Facts, type Life, type Rule } from './facts.js';

/** Rule 6: whatever a task does, it is kept as what it was, and stops nobody else. */
export const outcomes: Rule = (facts) => {
  const { lives, report, runEnd } = facts;
  if (report === undefined || runEnd === undefined) return [];
  const entries = reported(report);
  const faults: string[] = [];
  for (const life of lives) {
    const entry = entries.get(life.name);
    const end = over(life);
    if (life.fate === 'disposed' || life.registered?.refused === true) continue;
    const [start] = life.starts;
    if (start !== undefined && start.index < runEnd.index && entry === undefined) {
      faults.push(`${life.name} ran, and is not in the report`);
    }
    if (entry === undefined) continue;
    if (entry.phase !== life.phase)
      faults.push(`${life.name} is reported in '${entry.phase}' instead of '${life.phase}'`);
    if ((entry.outcome === 'skipped') !== (start === undefined)) {
      faults.push(
        `${life.name} is reported as ${entry.outcome}, and ${start === undefined ? 'never started' : 'started'}`,
      );
    } else if (start !== undefined && (end === undefined || end.index < runEnd.index)) {
      const outcome = outcomeOf(life);
      if (outcome !== entry.outcome)
        faults.push(`${life.name} is reported as ${entry.outcome}, and was ${outcome}`);
    }
  }
  return faults;
};

/** Rules 6 and 7: no task of the plan is dropped without a word. */
export const nobodyDropped: Rule = (facts) => {
  const { lives, runEnd, report } = facts;
  if (runEnd === undefined) return [];
  const entries = reported(report);
  return lives.flatMap((life) => {
    if (life.starts.length > 0 || life.fate !== 'left alone' || entries.has(life.name)) return [];
    if (life.registered !== undefined && (life.registered.refused || life.registered.index > runEnd.index))
      return [];
    // Registered after all that is in the report had been written down.
    return [`${life.name} was dropped in silence`];
  });
};

/** Rule 5: what is skipped for want of time had none. */
export const skippedForTime: Rule = (facts) => {
  const { phases, report, runStart } = facts;
  const faults: string[] = [];
  for (const { name, durationMs, startMs, skippedBecause, tasks } of report?.phases ?? []) {
    const limit = runStart?.step === 'started' ? runStart.deadline - runStart.at : 0;
    if (skippedBecause === 'deadline' && startMs < limit - 5)
      faults.push(`'${name}' was skipped with time left`);
    const allowed = Math.min(phases.get(name)?.timeout ?? 0, limit - startMs);
    for (const task of tasks) {
      if (task.skippedBecause === 'phase-timeout' && durationMs < allowed - 5) {
        faults.push(`${task.name} was skipped for the timeout of '${name}', which had time left`);
      }
    }
  }
  return faults;
};

/** Rule 7: what is registered during the run is taken in; where its phase has ended, it runs at once. */
export const registeredLate: Rule = (facts) => {
  const { lives, runEnd, entries } = facts;
  return lives.flatMap((life): readonly string[] => {
    const { name, registered, starts } = life;
    if (registered === undefined) return [];
    if (registered.refused) return [`${name} was refused: ${refusal(name, facts)}`];
    const [start] = starts;
    if (straggles(life, facts) !== true || (runEnd !== undefined && registered.index > runEnd.index))
      return [];
    const phase = facts.phases.get(life.phase);
    const isSkipped = facts.report?.phases.some(
      (each) => each.name === life.phase && each.outcome === 'skipped',
    );
    if (phase?.enabled === false || isSkipped === true) return [];
    if (start === undefined)
      return [`${name} was registered when '${life.phase}' had ended, and did not run`];
    // It starts as soon as what registers it has returned.
    const returned = entries.findIndex((each) => each.what === 'returned' && each.task === name);
    if (returned !== -1 && returned < start.index)
      return [`${name} was registered when '${life.phase}' had ended, and did not run at once`];
    return isAwaited(life, facts) ? [] : [`the run did not wait for ${name}`];
  });
};

function isAwaited(life: Life, { runEnd }: Facts): boolean {
  const end = over(life);
  return runEnd === undefined || (end !== undefined && end.index < runEnd.index);
}

function refusal(task: string, { entries }: Facts): string {
  return (
    of(entries, 'registered').find((each) => each.task === task && each.refused !== undefined)?.refused ?? ''
  );
}

/** Rule 8: a valid configuration starts. */
export const starts: Rule = ({ entries }) => of(entries, 'broken').map(({ text }) => text.slice(0, 400));
