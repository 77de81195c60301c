import type { Place } from '../plan/check-setting.js';
import { checkAfter, cycleMessage, isTask, phaseOf } from '../plan/check-task.js';
import { planTasks } from '../plan/build-plan.js';
import { InjectionGraph } from '../plan/injection-graph.js';
import { MistakeList } from '../plan/mistake.js';
import type { PhaseGraph } from '../plan/phase-graph.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { arrangeTasks } from '../plan/task-graph.js';
import type { ShutdownTask } from '../plan/task.js';
import { TaskExecution } from './task-execution.js';

/** Wraps each registered task: returns the same task with another `run`. */
export interface TaskWrapper {
  wrap(task: ShutdownTask): ShutdownTask;
}

export const AS_IT_IS: TaskWrapper = { wrap: (task) => task };

/** The deepest chain of tasks that register each other. No app needs as many; an endless chain ends here. */
const MOST_NESTED = 5_000;

/**
 * The tasks of an app, by phase and by name. Tasks that ended during the run stay: an `after` may name them, and a new
 * task may reuse their name.
 *
 * Before `seal()`, an `after` may name a task that is registered later. Afterwards every name must exist, and a
 * registration that would break the plan is rejected without changing anything.
 */
export class TaskRegistry {
  readonly #byPhase = new Map<string, Set<TaskExecution>>();
  readonly #byName = new Map<string, TaskExecution>();
  /** All names in an `after`. */
  readonly #awaitedNames = new Set<string>();
  #injections: InjectionGraph | undefined;
  #nextId = 0;

  constructor(
    readonly phaseGraph: PhaseGraph,
    private readonly wrapper: TaskWrapper = AS_IT_IS,
  ) {
    for (const { name } of phaseGraph.phases) this.#byPhase.set(name, new Set());
  }

  get injections(): InjectionGraph {
    return this.#injections ?? InjectionGraph.EMPTY;
  }

  get names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Uses a larger injection graph of the same app for later registrations. */
  replaceInjections(injections: InjectionGraph): void {
    this.#injections = injections;
  }

  /** The executions of a phase, in registration order. */
  of(phase: string): ReadonlySet<TaskExecution> {
    return this.#byPhase.get(phase) ?? new Set();
  }

  /**
   * @param depth the registration depth of the task, see `TaskExecution`
   * @throws ShutdownConfigurationError with all problems of the task
   */
  add(task: ShutdownTask, depth = 0): TaskExecution {
    const mistakes = new MistakeList();
    this.#check(task, mistakes);
    if (depth > MOST_NESTED) {
      mistakes.add(
        'SHUTDOWN_TASK_CYCLE',
        task?.name ?? 'register(task)',
        `${MOST_NESTED} tasks registered each other from their own functions, which looks endless. Register from a task only what must be closed.`,
      );
    }
    mistakes.throwIfAny();
    return this.#put(task, depth);
  }

  /**
   * Adds the tasks that were discovered at boot and checks the whole plan. From then on each `after` is checked at
   * registration. If there is a problem, no task is added.
   *
   * @throws ShutdownConfigurationError with all problems at once, including those in `mistakes`
   */
  seal(
    tasks: readonly ShutdownTask[],
    { injections, mistakes }: { readonly injections: InjectionGraph; readonly mistakes: MistakeList },
  ): ShutdownPlan {
    const plan = planTasks(this.phaseGraph, [...tasks, ...this.#tasks()], { injections, mistakes });
    mistakes.throwIfAny();
    this.#injections = injections;
    for (const task of tasks) this.#put(task);
    return plan;
  }

  /** The current plan. */
  plan(): ShutdownPlan {
    return planTasks(this.phaseGraph, this.#tasks(), {
      injections: this.injections,
      mistakes: new MistakeList(),
    });
  }

  /** Removes a task that was withdrawn, or that ended outside of the run. */
  drop(execution: TaskExecution): void {
    this.#byPhase.get(execution.phase)?.delete(execution);
    if (this.#byName.get(execution.task.name) === execution) this.#byName.delete(execution.task.name);
  }

  #tasks(): readonly ShutdownTask[] {
    return Array.from(this.#byName.values())
      .filter((execution) => execution.status !== 'withdrawn')
      .map((execution) => execution.task);
  }

  #put(task: ShutdownTask, depth = 0): TaskExecution {
    const execution = new TaskExecution(this.#nextId, this.wrapper.wrap(task), phaseOf(task), depth);
    this.#nextId += 1;
    this.#byPhase.get(execution.phase)?.add(execution);
    this.#byName.set(task.name, execution);
    for (const name of task.after ?? []) this.#awaitedNames.add(name);
    return execution;
  }

  #check(task: ShutdownTask, mistakes: MistakeList): void {
    const path = typeof task?.name === 'string' && task.name !== '' ? task.name : 'register(task)';
    if (!isTask(task, this.phaseGraph, { path, mistakes })) return;
    if (this.#byName.get(task.name)?.isOver === false) {
      mistakes.add(
        'SHUTDOWN_DUPLICATE_TASK',
        path,
        `duplicate task name '${task.name}': the other task has not ended. Unregister it first, or give this task another name.`,
      );
    }
    if (this.#injections !== undefined) {
      checkAfter(
        task,
        { path, mistakes },
        {
          phases: this.phaseGraph,
          named: (name) => this.#byName.get(name)?.task,
          names: () => this.#byName.keys(),
        },
      );
    }
    if (task.after?.length || this.#awaitedNames.has(task.name)) this.#checkCycle(task, { path, mistakes });
  }

  #checkCycle(task: ShutdownTask, { path, mistakes }: Place): void {
    const neighbours = [task];
    for (const each of this.of(phaseOf(task))) {
      if (!each.isOver && each.task.name !== task.name) neighbours.push(each.task);
    }
    const mode = this.phaseGraph.phase(phaseOf(task))?.mode ?? 'parallel';
    const arranged = arrangeTasks(neighbours, { mode, injections: this.injections });
    if (arranged.kind === 'ordered') return;
    const names = arranged.cycle.map((node) => neighbours[node]?.name ?? '');
    mistakes.add('SHUTDOWN_TASK_CYCLE', path, cycleMessage(names));
  }
}
