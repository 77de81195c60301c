import type { Chance } from './chance.js';
import type { Facet } from './facets.js';
import type { Behaviour, HookSpec, Thrown } from './scenario.js';

/** What of the rest of the scenario decides how a task may behave. */
export interface Surroundings {
  readonly has: (facet: Facet) => boolean;
  readonly phases: readonly string[];
  /** The names of tasks that can be disposed. */
  readonly disposable: readonly string[];
  /** Whether the process is made to end, whatever hangs in it. */
  readonly ends: boolean;
  /** Whether errors that nobody handles start the shutdown. */
  readonly catchesFatal: boolean;
}

const PLAIN: readonly [Thrown, ...Thrown[]] = [
  'error',
  'error-with-cause',
  'string',
  'undefined',
  'aggregate',
];

/** Each lies or throws when its message, stack, name, cause or type is asked for. */
export const HOSTILE: readonly [Thrown, ...Thrown[]] = [
  'message-object',
  'message-list',
  'message-undefined',
  'message-getter',
  'stack-getter',
  'stack-object',
  'name-getter',
  'cause-getter',
  'cause-circle',
  'cause-proxy',
  'to-string',
  'to-json',
  'frozen',
  'other-realm',
  'aggregate-hostile',
  'revoked-proxy',
  'null-prototype',
  'symbol',
];

export function randomThrown(chance: Chance, has: Surroundings['has']): Thrown {
  return chance.pick(has('hostile-errors') && chance.odds(0.6) ? HOSTILE : PLAIN);
}

/** How long a handler works; most are done soon. */
function workMs(chance: Chance): number {
  return chance.odds(0.8) ? chance.int(0, 40) : chance.int(40, 200);
}

export function randomBehaviour(chance: Chance, around: Surroundings): Behaviour {
  const { has, phases, disposable, ends, catchesFatal } = around;
  const thrown = randomThrown(chance, has);
  const ms = workMs(chance);
  const phase = chance.pick(phases);
  const target = chance.pick(disposable);
  const choices: readonly (readonly [number, Behaviour])[] = [
    [6, { kind: 'return' }],
    [16, { kind: 'resolve', ms }],
    [2, { kind: 'throw', thrown }],
    [2, { kind: 'reject', ms, thrown }],
    [2, { kind: 'thenable', how: chance.pick(['resolves', 'rejects', 'twice', 'throws']), ms, thrown }],
    [0.8, { kind: 'until-abort' }],
    [0.8, { kind: 'hang' }],
    [0.6, { kind: 'late-rejection', ms: chance.int(1, 200), thrown }],
    [1, { kind: 'block', ms: chance.int(5, 150) }],
    [has('returned-streams') ? 1 : 0, randomStream(chance, { ms, thrown })],
    [phase === undefined ? 0 : 1.5, { kind: 'register', phase: phase ?? '', depth: chance.int(1, 4), ms }],
    [
      has('deep-registration') && phase !== undefined ? 0.1 : 0,
      { kind: 'register', phase: phase ?? '', depth: chance.int(300, 900), ms: 0 },
    ],
    [target === undefined ? 0 : 0.5, { kind: 'dispose', target: target ?? '' }],
    [target === undefined ? 0 : 0.5, { kind: 'unregister', target: target ?? '' }],
    [0.4, { kind: 'run', awaited: false }],
    [0.4, { kind: 'close', awaited: false }],
    [has('waits-for-itself') ? 0.25 : 0, { kind: 'run', awaited: true }],
    [has('waits-for-itself') ? 0.25 : 0, { kind: 'close', awaited: true }],
    [catchesFatal && has('fatal-errors') ? 0.3 : 0, { kind: 'stray-rejection', thrown }],
    [ends && has('leaks') ? 0.3 : 0, { kind: 'leak' }],
  ];
  return chance.weighted(choices);
}

function randomStream(
  chance: Chance,
  { ms, thrown }: { readonly ms: number; readonly thrown: Thrown },
): Behaviour {
  const course = { ms, ...(chance.odds(0.3) ? { thrown } : {}) };
  return chance.odds(0.5) ? { kind: 'observable', ...course } : { kind: 'async-generator', ...course };
}

/** Whether a task may not settle before its time is over, so that it should have a short one. */
export function isSlow({ kind }: Behaviour): boolean {
  return kind === 'hang' || kind === 'until-abort' || kind === 'late-rejection';
}

/** The hooks of one provider. A throwing `onModuleInit` is a failed start, which is not looked at here. */
export function randomHooks(
  chance: Chance,
  { has, ends, bootMs }: Pick<Surroundings, 'has' | 'ends'> & { readonly bootMs: number },
): readonly HookSpec[] {
  const hooks: HookSpec[] = [];
  if (bootMs > 0) hooks.push({ hook: 'onModuleInit', behaviour: { kind: 'resolve', ms: bootMs } });
  const names = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;
  for (const hook of chance.some(names, 0.2)) {
    const thrown = randomThrown(chance, has);
    const behaviour = chance.weighted<HookSpec['behaviour']>([
      [8, { kind: 'return' }],
      [5, { kind: 'resolve', ms: workMs(chance) }],
      [0.7, { kind: 'throw', thrown }],
      [0.7, { kind: 'reject', ms: workMs(chance), thrown }],
      [ends ? 0.25 : 0, { kind: 'hang' }],
    ]);
    hooks.push({ hook, behaviour });
  }
  return hooks;
}
