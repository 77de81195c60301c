import { duration } from '../plan/time-budget.js';
import { thrownText } from '../plan/thrown.js';
import type { InFlightItem, ShutdownTask } from '../plan/task.js';
import type { Clock } from './clock.js';
import type { AwaitedTask, ShutdownEvent, SkipCause } from './events.js';
import { watchAnswer } from './foreign-call.js';
import type { Ending, TaskExecution } from './task-execution.js';

/** What it takes to emit an event. */
export interface EventSource {
  readonly clock: Clock;
  readonly emit: (event: ShutdownEvent) => void;
}

export function emitStarted({ id, phase, task }: TaskExecution, { clock, emit }: EventSource): void {
  emit({ type: 'task-started', at: clock.now(), id, phase, task: task.name });
}

export function emitSkipped(
  { id, phase, task }: TaskExecution,
  cause: SkipCause,
  { clock, emit }: EventSource,
): void {
  emit({ type: 'task-skipped', at: clock.now(), id, phase, task: task.name, cause });
}

/** Emits how a task ended, and later how it settled if it was abandoned. */
export function emitEnding(execution: TaskExecution, ending: Ending, { clock, emit }: EventSource): void {
  const { id, phase, task } = execution;
  const at = clock.now();
  const { outcome } = ending;
  const abandoned = outcome === 'timed-out';
  const event = { type: 'task-finished', at, id, phase, task: task.name, outcome, abandoned } as const;
  if (ending.outcome === 'completed') {
    emit(event);
    return;
  }
  const { error } = ending;
  if (!abandoned) {
    emit({ ...event, error });
    return;
  }
  emit({ ...event, error, ...inFlightOf(task) });
  execution.whenSettledLate((settlement) => {
    const now = clock.now();
    const lateMs = duration(now - at);
    emit({ type: 'task-settled-late', at: now, id, phase, task: task.name, lateMs, ...settlement });
  });
}

/** A task as the progress line shows it; `undefined` if the run does not wait for it. */
export function awaitedTask({ task, phase, awaited }: TaskExecution, now: number): AwaitedTask | undefined {
  if (awaited === undefined) return undefined;
  return {
    phase,
    task: task.name,
    elapsedMs: duration(now - awaited.startedAt),
    allowedMs: duration(awaited.allowedMs),
    ...(task.expectedMs === undefined ? {} : { expectedMs: task.expectedMs }),
    ...inFlightOf(task),
  };
}

/** `inFlight` is a user function: it may throw, or return a promise. Neither may affect the run. */
function inFlightOf(task: ShutdownTask): { readonly inFlight: readonly InFlightItem[] } | undefined {
  try {
    const items: unknown = task.inFlight?.();
    watchAnswer(items, () => undefined);
    return Array.isArray(items) && items.length > 0 ? { inFlight: items.map(itemOf) } : undefined;
  } catch {
    return undefined;
  }
}

function itemOf(item: unknown): InFlightItem {
  if (typeof item !== 'object' || item === null) return { name: thrownText(item), ageMs: 0 };
  const name: unknown = Reflect.get(item, 'name');
  const ageMs: unknown = Reflect.get(item, 'ageMs');
  return { name: thrownText(name), ageMs: typeof ageMs === 'number' ? duration(ageMs) : 0 };
}
