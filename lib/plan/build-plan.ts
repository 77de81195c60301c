import { checkAfter, cycleMessage, isTask, phaseOf } from './check-task.js';
import { InjectionGraph, type Injections } from './injection-graph.js';
import { MistakeList } from './mistake.js';
import type { PhaseOptions } from './phase.js';
import { PhaseGraph } from './phase-graph.js';
import type { PlannedPhase, ShutdownPlan } from './shutdown-plan.js';
import { arrangeTasks } from './task-graph.js';
import type { ShutdownTask } from './task.js';
import { longestPath } from './time-budget.js';

/**
 * Builds the plan of a shutdown from its phases and tasks, in O(V + E).
 *
 * @param injections which owners of tasks inject which; orders the tasks of a phase in `dependency` mode
 * @throws ShutdownConfigurationError with all problems at once
 */
export function buildPlan(
  phases: readonly PhaseOptions[],
  tasks: readonly ShutdownTask[],
  injections?: Injections,
): ShutdownPlan {
  const mistakes = new MistakeList();
  const plan = planTasks(PhaseGraph.from(phases, mistakes), tasks, {
    injections: injections ? new InjectionGraph(injections) : InjectionGraph.EMPTY,
    mistakes,
  });
  mistakes.throwIfAny();
  return plan;
}

/** Builds the plan over phases that were checked before. Problems of the tasks are added to `mistakes`. */
export function planTasks(
  phaseGraph: PhaseGraph,
  tasks: readonly ShutdownTask[],
  { injections, mistakes }: { readonly injections: InjectionGraph; readonly mistakes: MistakeList },
): ShutdownPlan {
  const named = new Map<string, ShutdownTask>();
  tasks.forEach((task, index) => {
    const path = typeof task?.name === 'string' && task.name !== '' ? task.name : `tasks[${index}]`;
    if (!isTask(task, phaseGraph, { path, mistakes })) return;
    if (named.has(task.name)) {
      mistakes.add(
        'SHUTDOWN_DUPLICATE_TASK',
        path,
        `duplicate task name '${task.name}'. Give one of the tasks a \`name\` of its own.`,
      );
      return;
    }
    named.set(task.name, task);
  });
  for (const task of named.values()) {
    checkAfter(
      task,
      { path: task.name, mistakes },
      { phases: phaseGraph, named: (name) => named.get(name), names: () => named.keys() },
    );
  }
  return Object.freeze({
    phases: Object.freeze(plannedPhases(phaseGraph, named.values(), { injections, mistakes })),
    longestPath: longestPath(phaseGraph),
    phaseGraph,
    injections,
  });
}

function plannedPhases(
  { phases }: PhaseGraph,
  tasks: Iterable<ShutdownTask>,
  { injections, mistakes }: { readonly injections: InjectionGraph; readonly mistakes: MistakeList },
): readonly PlannedPhase[] {
  const members = new Map<string, ShutdownTask[]>(phases.map((phase) => [phase.name, []]));
  for (const task of tasks) members.get(phaseOf(task))?.push(task);
  return phases.map((phase) => {
    const own = members.get(phase.name) ?? [];
    const arranged = arrangeTasks(own, { mode: phase.mode, injections });
    if (arranged.kind === 'cyclic') {
      const names = arranged.cycle.map((node) => own[node]?.name ?? '');
      mistakes.add('SHUTDOWN_TASK_CYCLE', phase.name, cycleMessage(names));
      return Object.freeze({ ...phase, tasks: Object.freeze(own) });
    }
    const ordered = arranged.order.flatMap((node) => own[node] ?? []);
    return Object.freeze({ ...phase, tasks: Object.freeze(ordered) });
  });
}
