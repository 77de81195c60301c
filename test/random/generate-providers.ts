import type { Mode } from 'nestjs-phased-shutdown';
import type { Chance } from './chance.js';
import { isSlow, randomBehaviour, randomHooks, type Surroundings } from './generate-behaviour.js';
import type { ProviderSpec, RegisteredSpec, TaskSpec } from './scenario.js';

const MODES: readonly [Mode, ...Mode[]] = ['parallel', 'sequential', 'dependency'];

/** What tasks are made of. */
export interface TaskSurroundings extends Surroundings {
  /** Milliseconds that slow hooks add to the start. */
  readonly bootMs: number;
}

/** How many handlers a process has: most have few, some have forty. */
function handlerCount(chance: Chance): number {
  return chance.weighted([
    [1, 0],
    [6, chance.int(1, 5)],
    [4, chance.int(6, 12)],
    [1, chance.int(13, 40)],
  ]);
}

/**
 * Providers in a random injection graph over several modules. A provider injects those before it, and a task comes
 * `after` those of providers behind its own, so that nobody waits in a circle.
 */
export function randomProviders(chance: Chance, around: TaskSurroundings): readonly ProviderSpec[] {
  const handlers = handlerCount(chance);
  const count = Math.max(1, Math.ceil(handlers / chance.int(1, 3)));
  const modules = chance.int(1, Math.min(4, count));
  const providers: ProviderSpec[] = [];
  for (let id = 0; id < count; id += 1) {
    const module = Math.floor((id * modules) / count);
    const shape = randomShape(chance, { around, id });
    const isRoot = shape === 'value' || shape === 'lazy';
    const candidates = providers.filter(
      ({ shape: other }) => other !== 'transient' && other !== 'lazy' && other !== 'request',
    );
    const injects = isRoot ? [] : chance.some(candidates, Math.min(0.5, 2 / (candidates.length + 1)));
    const own = Math.ceil(((id + 1) * handlers) / count) - Math.ceil((id * handlers) / count);
    providers.push({
      id,
      module,
      shape,
      injects: injects.map((each) => each.id),
      alias: shape !== 'transient' && shape !== 'lazy' && chance.odds(0.2),
      handlers:
        shape === 'request'
          ? []
          : Array.from({ length: own }, (_, index) => randomTask(chance, `P${id}.m${index}`, around)),
      hooks: randomHooks(chance, { ...around, bootMs: chance.odds(0.3) ? around.bootMs : 0 }),
    });
  }
  return withHosts(providers, chance).map((provider, _, all) => withAfter(provider, all, chance));
}

function randomShape(
  chance: Chance,
  { around, id }: { readonly around: TaskSurroundings; readonly id: number },
): ProviderSpec['shape'] {
  return chance.weighted<ProviderSpec['shape']>([
    [6, 'class'],
    [2, 'derived'],
    [2, 'factory'],
    [1, 'value'],
    [id === 0 ? 0 : 1, 'transient'],
    [0.5, 'request'],
    [around.has('lazy-modules') ? 0.5 : 0, 'lazy'],
  ]);
}

/** Nest makes a transient provider for each that injects it: each gets one such host, behind it in the list. */
function withHosts(providers: readonly ProviderSpec[], chance: Chance): readonly ProviderSpec[] {
  const injected = new Map<number, number>();
  const shapes = new Map<number, ProviderSpec['shape']>();
  for (const { id, shape, module } of providers) {
    if (shape !== 'transient') continue;
    const hosts = providers.filter(
      (each) => each.id > id && each.module >= module && (each.shape === 'class' || each.shape === 'derived'),
    );
    const host = chance.pick(hosts);
    if (host === undefined) shapes.set(id, 'class');
    else injected.set(id, host.id);
  }
  return providers.map((provider) => ({
    ...provider,
    shape: shapes.get(provider.id) ?? provider.shape,
    injects: [
      ...provider.injects,
      ...[...injected].filter(([, host]) => host === provider.id).map(([transient]) => transient),
    ],
  }));
}

function randomTask(chance: Chance, name: string, around: TaskSurroundings): TaskSpec {
  const behaviour = randomBehaviour(chance, around);
  const isShort = isSlow(behaviour) ? chance.odds(0.95) : chance.odds(0.1);
  return {
    name,
    phase: chance.pick(around.phases) ?? 'close',
    ...(chance.odds(0.2) ? { mode: chance.pick(MODES) } : {}),
    ...(chance.odds(0.2) ? { order: chance.int(-2, 2) } : {}),
    // Less than any phase has, or the plan is refused.
    ...(isShort ? { timeout: chance.int(40, 240) } : {}),
    behaviour,
  };
}

function withAfter(provider: ProviderSpec, all: readonly ProviderSpec[], chance: Chance): ProviderSpec {
  return {
    ...provider,
    handlers: provider.handlers.map((task, index) => {
      if (provider.shape === 'lazy' || !chance.odds(0.15)) return task;
      const earlier = [
        ...all
          .filter(({ id, shape }) => id > provider.id && shape !== 'lazy')
          .flatMap(({ handlers }) => handlers),
        ...provider.handlers.slice(0, index),
      ].filter(({ phase }) => phase === task.phase);
      const chosen = chance.pick(earlier);
      return chosen === undefined ? task : { ...task, after: [chosen.name] };
    }),
  };
}

/** Tasks that are registered at the start, some of them for a provider. */
export function randomRegistered(
  chance: Chance,
  { around, providers }: { readonly around: TaskSurroundings; readonly providers: readonly ProviderSpec[] },
): readonly RegisteredSpec[] {
  const owners = providers.filter(
    ({ shape }) => shape !== 'transient' && shape !== 'request' && shape !== 'lazy',
  );
  return around.disposable.map((name) => {
    const owner = chance.odds(0.4) ? chance.pick(owners) : undefined;
    const { after: _, ...task } = randomTask(chance, name, { ...around, disposable: [] });
    return { ...task, ...(owner === undefined ? {} : { owner: owner.id }) };
  });
}
