import { duration } from '../plan/time-budget.js';
import type { AwaitedTask } from '../run/events.js';
import type { ProcessEnd, RunningReport, ShutdownReport, TaskReport } from './shutdown-report.js';

/** What ends a process, without the time. */
export type ForcedEnd = WithoutTime<ProcessEnd>;

type WithoutTime<End> = End extends ProcessEnd ? Omit<End, 'atMs'> : never;

/** The state of a run now, apart from its events. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the run waits for, with the work in flight. */
  readonly awaited: readonly AwaitedTask[];
  /** What ends the process now. All running tasks become abandoned. */
  readonly end?: ForcedEnd;
}

/** The report as of now: running entries have lasted until now, and list the work in flight. */
export function reportSoFar<T extends ShutdownReport | RunningReport>(report: T, moment: Moment): T {
  const { now, awaited, end } = moment;
  const atMs = Math.round(duration(now - report.startedAt) * 10) / 10;
  const upToNow = <E extends { readonly outcome: string; readonly startMs: number }>(entry: E): E =>
    entry.outcome === 'running' ? { ...entry, durationMs: duration(atMs - entry.startMs) } : entry;
  return {
    ...report,
    ...(report.outcome === 'running' ? { durationMs: atMs } : {}),
    phases: report.phases.map((phase) => ({
      ...upToNow(phase),
      tasks: phase.tasks.map((task) => {
        if (task.outcome !== 'running') return task;
        const isIt = (each: AwaitedTask): boolean => each.phase === phase.name && each.task === task.name;
        return awaitedTask(upToNow(task), { awaited: awaited.find(isIt), isAbandoned: end !== undefined });
      }),
    })),
    ...(end === undefined ? {} : { endedBy: { ...end, atMs } }),
  };
}

function awaitedTask(
  task: TaskReport,
  { awaited, isAbandoned }: { readonly awaited: AwaitedTask | undefined; readonly isAbandoned: boolean },
): TaskReport {
  return {
    ...task,
    ...(isAbandoned ? { abandoned: true } : {}),
    ...(awaited?.inFlight === undefined ? {} : { inFlight: awaited.inFlight }),
  };
}
