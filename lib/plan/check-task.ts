import {
  FINITE_NUMBER,
  NAME_LIST,
  checkKeys,
  isKind,
  isName,
  isOneOf,
  isRecord,
  isTimeout,
  shown,
  type Place,
} from './check-setting.js';
import { nameAdvice } from './nearest-name.js';
import { DEFAULT_PHASE, MODES } from './phase.js';
import type { PhaseGraph } from './phase-graph.js';
import type { ShutdownTask } from './task.js';

const TASK_KEYS = [
  'name',
  'phase',
  'run',
  'mode',
  'order',
  'after',
  'timeout',
  'owner',
  'inFlight',
  'expectedMs',
];

/** The phase that a task belongs to. */
export function phaseOf(task: ShutdownTask): string {
  return task.phase ?? DEFAULT_PHASE;
}

/** Checks one task by itself and against its phase; says whether the plan can hold it. */
export function isTask(value: unknown, phases: PhaseGraph, { path, mistakes }: Place): value is ShutdownTask {
  if (!isRecord(value)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected a task, got ${shown(value)}.`);
    return false;
  }
  const before = mistakes.all.length;
  const at = (key: keyof ShutdownTask): Place => ({ path: `${path}.${key}`, mistakes });
  checkKeys(value, TASK_KEYS, { path, mistakes });
  isName(value['name'], at('name'));
  if (typeof value['run'] !== 'function') {
    mistakes.add(
      'SHUTDOWN_NOT_A_FUNCTION',
      `${path}.run`,
      `expected the function to run, got ${shown(value['run'])}.`,
    );
  }
  checkTaskSettings(value, phases, { path, mistakes });
  return mistakes.all.length === before;
}

/** The place of a task: phase, mode, order, after and timeout. */
function checkTaskSettings(
  { phase = DEFAULT_PHASE, mode, order, after, timeout }: Readonly<Record<string, unknown>>,
  phases: PhaseGraph,
  { path, mistakes }: Place,
): void {
  const at = (key: keyof ShutdownTask): Place => ({ path: `${path}.${key}`, mistakes });
  const known = typeof phase === 'string' ? phases.phase(phase) : undefined;
  if (known === undefined) {
    mistakes.add(
      'SHUTDOWN_UNKNOWN_PHASE',
      `${path}.phase`,
      `there is no phase ${shown(phase)}. ${nameAdvice(phase, phases.names)}`,
    );
  }
  if (mode !== undefined) isOneOf(mode, MODES, at('mode'));
  if (order !== undefined) isKind(order, FINITE_NUMBER, at('order'));
  if (after !== undefined) isKind(after, NAME_LIST, at('after'));
  if (timeout !== undefined && isTimeout(timeout, at('timeout')) && known && timeout > known.timeout) {
    mistakes.add(
      'SHUTDOWN_TIMEOUT_EXCEEDS_PHASE',
      `${path}.timeout`,
      `${timeout} ms is more than the ${known.timeout} ms of its phase '${known.name}', which ends it first. Give it less, or the phase more.`,
    );
  }
}

/** Checks that each name in `after` is a task that can have ended before this one starts. */
export function checkAfter(
  task: ShutdownTask,
  { path, mistakes }: Place,
  {
    phases,
    named,
    names,
  }: {
    readonly phases: PhaseGraph;
    readonly named: (name: string) => ShutdownTask | undefined;
    readonly names: () => Iterable<string>;
  },
): void {
  task.after?.forEach((name, index) => {
    const at = `${path}.after[${index}]`;
    const earlier = named(name);
    if (name === task.name) {
      mistakes.add('SHUTDOWN_TASK_CYCLE', at, `${name} → ${name}: the task waits for itself.`);
    } else if (earlier === undefined) {
      mistakes.add('SHUTDOWN_UNKNOWN_TASK', at, `there is no task '${name}'. ${nameAdvice(name, names())}`);
    } else if (phaseOf(earlier) !== phaseOf(task) && !phases.precedes(phaseOf(earlier), phaseOf(task))) {
      mistakes.add(
        'SHUTDOWN_TASK_ORDER',
        at,
        `'${name}' is in the phase '${phaseOf(earlier)}', which does not come before '${phaseOf(task)}'. Move one of the two tasks, or order the phases.`,
      );
    }
  });
}

/** A cycle among the tasks of a phase, as a sentence. */
export function cycleMessage(names: readonly string[]): string {
  return `${[...names, names[0]].join(' → ')} wait for each other, by \`after\` and by injection. Take one of these names out of an \`after\`, or give one of the tasks the mode 'parallel', which does not follow the injection.`;
}
