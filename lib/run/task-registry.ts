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

/** Puts another task in the place of one that comes into the shutdown: the same, but for what `run` does. */
export interface TaskWrapper {
  wrap(task: ShutdownTask): ShutdownTask;
}

/** Leaves every task as it is. */
export const AS_IT_IS: TaskWrapper = { wrap: (task) => task };

/** More tasks than any application closes one inside another; those that register each other for ever end here. */
const MOST_NESTED = 5_000;

/**
 * The tasks, by phase and by name: those that wait or run, and those that ended in the run, whose names
 * `after` may still give and a new task may take.
 *
 * Until it is sealed, a task may name in `after` one that is still to come; from then on every name must
 * be there, and a registration that would break the plan is refused before anything is changed.
 */
export class TaskRegistry {
  readonly #byPhase = new Map<string, Set<TaskExecution>>();
  readonly #byName = new Map<string, TaskExecution>();
  /** Every name that a task gave in `after`. */
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

  /** The names that tasks have. */
  get names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Gives the tasks to come another injection graph of the same application, that knows more owners. */
  replaceInjections(injections: InjectionGraph): void {
    this.#injections = injections;
  }

  /** The executions of a phase, in the order of their registration. */
  of(phase: string): ReadonlySet<TaskExecution> {
    return this.#byPhase.get(phase) ?? new Set();
  }

  /**
   * @param depth how many tasks have registered each other from their own functions, down to this one
   * @throws ShutdownConfigurationError with all mistakes of the task
   */
  add(task: ShutdownTask, depth = 0): TaskExecution {
    const mistakes = new MistakeList();
    this.#check(task, mistakes);
    if (depth > MOST_NESTED) {
      mistakes.add(
        'SHUTDOWN_TASK_CYCLE',
        task?.name ?? 'register(task)',
        `${MOST_NESTED} tasks have registered each other from their own functions, so they would never end. Register from a function only what has to be closed.`,
      );
    }
    mistakes.throwIfAny();
    return this.#put(task, depth);
  }

  /**
   * Takes in the tasks that were found at boot, checks the whole, and from now on checks each name in
   * `after`. Nothing is taken in where there is a mistake.
   *
   * @throws ShutdownConfigurationError with all mistakes at once, `mistakes` among them
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

  /** The plan as it stands now. */
  plan(): ShutdownPlan {
    return planTasks(this.phaseGraph, this.#tasks(), {
      injections: this.injections,
      mistakes: new MistakeList(),
    });
  }

  /** Drops a task that was withdrawn, or that ended outside the run. */
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
        `the name '${task.name}' is taken by a task that has not ended. Unregister that one first, or give this one another name.`,
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
