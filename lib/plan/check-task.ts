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
import { minifiedAdvice, nameAdvice } from './nearest-name.js';
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

export function phaseOf(task: ShutdownTask): string {
  return task.phase ?? DEFAULT_PHASE;
}

/** Checks one task alone and against its phase. Returns whether the plan can contain it. */
export function isTask(value: unknown, phases: PhaseGraph, { path, mistakes }: Place): value is ShutdownTask {
  if (!isRecord(value)) {
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      path,
      `expected a task such as { name, run }, got ${shown(value)}.`,
    );
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
      `expected a function, got ${shown(value['run'])}.`,
    );
  }
  checkTaskSettings(value, phases, { path, mistakes });
  return mistakes.all.length === before;
}

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
      `unknown phase ${shown(phase)}. ${nameAdvice(phase, phases.names)}`,
    );
  }
  if (mode !== undefined) isOneOf(mode, MODES, at('mode'));
  if (order !== undefined) isKind(order, FINITE_NUMBER, at('order'));
  if (after !== undefined) isKind(after, NAME_LIST, at('after'));
  if (timeout !== undefined && isTimeout(timeout, at('timeout')) && known && timeout > known.timeout) {
    mistakes.add(
      'SHUTDOWN_TIMEOUT_EXCEEDS_PHASE',
      `${path}.timeout`,
      `expected at most ${known.timeout} ms, the timeout of phase '${known.name}', got ${timeout} ms. Lower it, or raise the timeout of the phase.`,
    );
  }
}

/** Checks that each name in `after` is a task that can end before this one starts. */
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
      mistakes.add(
        'SHUTDOWN_TASK_CYCLE',
        at,
        `${name} → ${name}: a task cannot wait for itself. Remove this name.`,
      );
    } else if (earlier === undefined) {
      const advice = minifiedAdvice(name, names()) ?? nameAdvice(name, names());
      mistakes.add('SHUTDOWN_UNKNOWN_TASK', at, `unknown task '${name}'. ${advice}`);
    } else if (phaseOf(earlier) !== phaseOf(task) && !phases.precedes(phaseOf(earlier), phaseOf(task))) {
      mistakes.add(
        'SHUTDOWN_TASK_ORDER',
        at,
        `'${name}' is in phase '${phaseOf(earlier)}', which does not run before phase '${phaseOf(task)}'. Move one of the two tasks to another phase, or order the phases.`,
      );
    }
  });
}

/** The error message for a cycle among the tasks of a phase. */
export function cycleMessage(names: readonly string[]): string {
  return `dependency cycle ${[...names, names[0]].join(' → ')}, through \`after\` and injection. Remove one of these names from an \`after\`, or give one of the tasks \`mode: 'parallel'\`, which ignores injection.`;
}
