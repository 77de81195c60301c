import type { ShutdownEvent } from '../../lib/run/events.js';
import type { ShutdownReport } from '../../lib/report/shutdown-report.js';

const WORST = ['completed', 'failed', 'timed-out'] as const;

/** The report of a finished run, read from its events one question at a time. */
export function recount(events: readonly ShutdownEvent[]): ShutdownReport | undefined {
  const [start] = events;
  if (start?.type !== 'run-started') return undefined;
  const end = events.find((event) => event.type === 'run-finished');
  return {
    reason: start.reason,
    joinedReasons: events.flatMap((event) => (event.type === 'run-joined' ? [event.reason] : [])),
    outcome: worstOf(events.slice(0, events.indexOf(end ?? start))),
    startedAt: start.at,
    durationMs: (end?.at ?? 0) - start.at,
    phases: start.phases.map(({ name, mode }) => {
      const own = events.filter((event) => 'phase' in event && event.phase === name);
      const begin = own.find(({ type }) => type === 'phase-started' || type === 'phase-skipped');
      const finish = own.find(({ type }) => type === 'phase-finished');
      const outcomes = own.flatMap((event) => (event.type === 'task-finished' ? [event.outcome] : []));
      return {
        name,
        mode,
        outcome: finish ? (WORST.findLast((each) => outcomes.includes(each)) ?? 'completed') : 'skipped',
        startMs: (begin?.at ?? 0) - start.at,
        durationMs: finish && begin ? finish.at - begin.at : 0,
        ...(begin?.type === 'phase-skipped' && { skippedBecause: begin.cause }),
        tasks: own.flatMap((event) => taskOf(event, own, start.at)),
      };
    }),
  };
}

/** The worst of all that happened until the run had ended; time that ran out is the worst. */
function worstOf(events: readonly ShutdownEvent[]): ShutdownReport['outcome'] {
  const seen = events.flatMap((event) => {
    if (event.type === 'task-finished') return [event.outcome];
    return event.type === 'phase-skipped' && event.cause === 'deadline' ? ['timed-out' as const] : [];
  });
  return WORST.findLast((each) => seen.includes(each)) ?? 'completed';
}

function taskOf(
  event: ShutdownEvent,
  own: readonly ShutdownEvent[],
  start: number,
): ShutdownReport['phases'][number]['tasks'] {
  if (event.type === 'task-skipped') {
    const startMs = event.at - start;
    return [{ name: event.task, outcome: 'skipped', startMs, durationMs: 0, skippedBecause: event.cause }];
  }
  if (event.type !== 'task-started') return [];
  const finished = own.find((each) => each.type === 'task-finished' && each.id === event.id);
  const late = own.find((each) => each.type === 'task-settled-late' && each.id === event.id);
  if (finished?.type !== 'task-finished') return [];
  return [
    {
      name: event.task,
      outcome: finished.outcome,
      startMs: event.at - start,
      durationMs: finished.at - event.at,
      ...(finished.error && { error: finished.error }),
      ...(finished.abandoned && { abandoned: true as const }),
      ...(late?.type === 'task-settled-late' && { settledLateMs: late.lateMs }),
    },
  ];
}
