import type { Graph } from '../plan/graph.js';
import type { Mode, Phase } from '../plan/phase.js';
import type { PlannedPhase, ShutdownPlan } from '../plan/shutdown-plan.js';
import { arrangeTasks } from '../plan/task-graph.js';
import type { ShutdownTask } from '../plan/task.js';
import { RESERVE, fitOf } from '../plan/time-budget.js';
import type { Preview } from './preview.js';
import type { OptionsSource } from './written-options.js';

/** A plan as plain data, printed by `plan --format json`. All times are in milliseconds. */
export interface PlanDescription {
  /** Increases when a field is renamed or removed. */
  readonly version: 1;
  readonly optionsFrom: OptionsSource;
  readonly shutdownDelayMs: number;
  readonly gracePeriodMs: number;
  /** The part of the grace period reserved for the end of the process. */
  readonly reserveMs: number;
  readonly longestPath: { readonly phases: readonly string[]; readonly ms: number };
  /** Whether the longest path plus the reserve fits into the grace period. */
  readonly fits: boolean;
  /** In a possible start order. */
  readonly phases: readonly PhaseDescription[];
}

export interface PhaseDescription {
  readonly name: string;
  readonly mode: Mode;
  readonly timeoutMs: number;
  readonly after: readonly string[];
  readonly onFailure: Phase['onFailure'];
  readonly enabled: boolean;
  /** In a possible start order. */
  readonly tasks: readonly TaskDescription[];
}

export interface TaskDescription {
  readonly name: string;
  /** Present if it differs from the mode of the phase. */
  readonly mode?: Mode;
  /** Present if the task has a timeout of its own. */
  readonly timeoutMs?: number;
  /** The tasks of the phase that it waits for directly. Indirect ones are omitted. */
  readonly waitsFor: readonly string[];
}

/** Converts a preview to plain data. */
export function describePlan({ plan, settings, optionsFrom }: Omit<Preview, 'warnings'>): PlanDescription {
  const { longestPath } = plan;
  return {
    version: 1,
    optionsFrom,
    shutdownDelayMs: settings.shutdownDelay,
    gracePeriodMs: settings.gracePeriod,
    reserveMs: RESERVE,
    longestPath: { phases: longestPath.phases.map(({ name }) => name), ms: longestPath.ms },
    fits: fitOf(longestPath, { grantedMs: settings.gracePeriod }).missingMs <= 0,
    phases: plan.phases.map((phase) => describePhase(phase, plan)),
  };
}

function describePhase(phase: PlannedPhase, { injections }: ShutdownPlan): PhaseDescription {
  const { name, mode, timeout, after, onFailure, enabled, tasks } = phase;
  const arranged = arrangeTasks(tasks, { mode, injections });
  const waits = arranged.kind === 'ordered' ? waitsOf(arranged.graph, arranged.order) : [];
  return {
    name,
    mode,
    timeoutMs: timeout,
    after,
    onFailure,
    enabled,
    tasks: tasks.map((task, index) => ({
      name: task.name,
      ...(task.mode !== undefined && task.mode !== mode ? { mode: task.mode } : undefined),
      ...(task.timeout === undefined ? undefined : { timeoutMs: task.timeout }),
      waitsFor: namesOf(waits[index] ?? [], tasks),
    })),
  };
}

function namesOf(nodes: readonly number[], tasks: readonly ShutdownTask[]): readonly string[] {
  return nodes.flatMap((node) => tasks[node]?.name ?? []);
}

/**
 * The direct predecessors of each task. Skips the gates of the graph, which stand for providers without a task, and
 * omits tasks that another predecessor already waits for.
 */
function waitsOf(graph: Graph, order: readonly number[]): readonly (readonly number[])[] {
  const earlier = graph.reversed();
  const isTask = (node: number): boolean => node < order.length;
  const nearest = (from: number): ReadonlySet<number> => {
    const found = new Set<number>();
    const seen = new Set([from]);
    const open = [from];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const before of earlier.after(node)) {
        if (seen.has(before)) continue;
        seen.add(before);
        if (isTask(before)) found.add(before);
        else open.push(before);
      }
    }
    return found;
  };
  return order.map((_, task) => {
    const found = [...nearest(task)];
    const implied = new Set(found.flatMap((each) => [...earlier.reachableFrom(each)]));
    return found.filter((each) => !implied.has(each)).toSorted((a, b) => a - b);
  });
}
