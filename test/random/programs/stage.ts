import type { GracefulShutdown, ShutdownContext, ShutdownRegistration } from 'nestjs-phased-shutdown';
import { reasonWord } from '../journal.js';
import type { BehaviourOf, TaskSpec } from '../scenario.js';
import { note, pause } from './note.js';

/** What tasks act upon. */
export interface Stage {
  readonly shutdown: () => GracefulShutdown;
  readonly close: () => Promise<void>;
  readonly registrations: Map<string, ShutdownRegistration>;
}

/** Registers a task that registers the next one, before it ends itself, in the same call. */
export function registerNext(
  { name }: Pick<TaskSpec, 'name'>,
  { phase, depth, ms }: Pick<BehaviourOf<'register'>, 'phase' | 'depth' | 'ms'>,
  { from, stage }: { readonly from: string; readonly stage: Stage },
): void {
  if (depth === 0) return;
  const task = { name: depthName(`${name}+`), phase };
  const run = (context: ShutdownContext): unknown => {
    note({ what: 'task', task: task.name, step: 'start', phase: context.phase, deadline: context.deadline });
    context.signal.addEventListener('abort', () => note({ what: 'task', task: task.name, step: 'abort' }), {
      once: true,
    });
    registerNext(task, { phase, depth: depth - 1, ms }, { from: context.phase, stage });
    if (ms > 0) return pause(ms).then(() => note({ what: 'task', task: task.name, step: 'end' }));
    note({ what: 'task', task: task.name, step: 'end' });
    return undefined;
  };
  register({ ...task, run }, { phase: from, task: name }, stage);
}

/** `P1.m0+` for the first, `P1.m0+2` for the second that was registered, and so on. */
function depthName(name: string): string {
  const [, base = name, depth] = /^(.*?\+)(\d*)\+$/.exec(name) ?? [];
  return depth === undefined ? name : `${base}${Number(depth === '' ? 1 : depth) + 1}`;
}

/** Registers a task and notes whether it was taken. */
export function register(
  task: Parameters<GracefulShutdown['register']>[0],
  by: { readonly task: string; readonly phase: string } | undefined,
  { shutdown, registrations }: Stage,
): void {
  const noted = {
    what: 'registered',
    task: task.name,
    phase: task.phase ?? 'close',
    ...(by === undefined ? {} : { by }),
  } as const;
  // Before it is registered, since it may run in the same call.
  note(noted);
  queueMicrotask(() => note({ what: 'returned', task: task.name }));
  try {
    registrations.set(task.name, shutdown().register(task));
  } catch (error) {
    note({ ...noted, refused: String(error) });
  }
}

export function withdraw(how: 'dispose' | 'unregister', target: string, { registrations }: Stage): void {
  const registration = registrations.get(target);
  if (registration === undefined) return;
  if (how === 'unregister') {
    note({ what: 'withdrawn', task: target, done: registration.unregister() });
    return;
  }
  note({ what: 'disposed', task: target, step: 'asked' });
  void registration[Symbol.asyncDispose]().then(
    () => note({ what: 'disposed', task: target, step: 'resolved' }),
    () => note({ what: 'disposed', task: target, step: 'rejected' }),
  );
}

/** Asks for the run, or joins it, and notes what the answer was. */
export async function askToRun(who: string, { shutdown }: Stage): Promise<void> {
  try {
    const { reason, startedAt, outcome } = await shutdown().run(who);
    note({ what: 'answered', reason: reasonWord(reason), startedAt, outcome });
  } catch {
    // One that would wait for itself may be refused.
  }
}

export async function close({ close: closeApplication }: Stage): Promise<void> {
  try {
    await closeApplication();
    note({ what: 'closed', how: 'resolved' });
  } catch {
    note({ what: 'closed', how: 'rejected' });
  }
}
