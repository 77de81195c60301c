import { Chance } from './chance.js';
import type { Facet } from './facets.js';
import { randomClients, randomTriggers } from './generate-triggers.js';
import { randomProviders, randomRegistered } from './generate-providers.js';
import { endsProcess, type AppKind, type PhaseSpec, type Scenario } from './scenario.js';

/** The random process of this number among those of a seed. */
export function generate(seed: number, index: number, without: ReadonlySet<Facet> = new Set()): Scenario {
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const has = (facet: Facet): boolean => !without.has(facet);
  const kind = chance.weighted<AppKind>([
    [4, 'express'],
    [3, 'fastify'],
    [2, 'context'],
    [1, 'microservice'],
    [1, 'hybrid'],
  ]);
  const enabled = chance.odds(0.85);
  const phases = chance.odds(0.4) ? undefined : randomPhases(chance);
  const fatalErrors = enabled && has('fatal-errors') && chance.odds(0.35);
  const exit = chance.weighted([
    [8, 'code' as const],
    [1.5, 'signal' as const],
    [has('exit-none') ? 1 : 0, 'none' as const],
  ]);
  const options = {
    ...(phases === undefined ? {} : { phases }),
    shutdownDelay: chance.odds(0.5) ? 0 : chance.int(1, 300),
    gracePeriod: chance.int(20, 50) * 100,
    exit,
    runAt: chance.odds(0.85) ? ('module-destroy' as const) : ('before-application-shutdown' as const),
    fatalErrors,
    ipc: enabled && chance.odds(0.3),
  };
  const bootMs = chance.odds(0.3) ? chance.int(20, 250) : 0;
  const triggers = randomTriggers(chance, { has, enabled, options });
  const around = {
    has,
    bootMs,
    phases: ['unready', ...(phases ?? DEFAULT).map(({ name }) => name)].filter(
      (name, at) => at > 0 || chance.odds(0.3) || name !== 'unready',
    ),
    disposable: Array.from({ length: chance.odds(0.5) ? chance.int(1, 3) : 0 }, (_, at) => `R${at}`),
    ends: endsProcess({ enabled, options, triggers }),
    catchesFatal: fatalErrors,
  };
  const providers = randomProviders(chance, around);
  const hostileLogger = has('hostile-loggers') && chance.odds(0.2);
  return {
    seed,
    index,
    major: has('nest-11') && chance.odds(0.4) ? 11 : 12,
    kind,
    enabled,
    options,
    logger: hostileLogger
      ? chance.pick(['throwing', 'rejecting', 'never-settling'])
      : chance.weighted([
          [4, 'nest' as const],
          [1, 'none' as const],
          [3, 'custom' as const],
        ]),
    stored: chance.odds(0.7),
    stdoutGone: has('stdout-gone') && chance.odds(0.12),
    bareValue: has('bare-values') && chance.odds(0.1),
    providers,
    registered: randomRegistered(chance, { around, providers }),
    meddling: chance.some(around.disposable, 0.4).map((target) => ({
      ms: chance.int(0, 600),
      what: chance.odds(0.5) ? 'dispose' : 'unregister',
      target,
    })),
    triggers,
    clients: randomClients(chance, { has, kind, triggers, enabled }),
  };
}

const DEFAULT: readonly Pick<PhaseSpec, 'name'>[] = [{ name: 'drain' }, { name: 'flush' }, { name: 'close' }];

/** A list of one to six phases in any graph. */
function randomPhases(chance: Chance): readonly PhaseSpec[] {
  const names = chance.odds(0.6)
    ? ['drain', 'flush', 'close', 'last', 'extra', 'more']
    : ['one', 'two', 'three', 'four', 'five', 'six'];
  return names.slice(0, chance.int(1, 6)).map((name, index, all) => {
    const earlier = all.slice(0, index);
    return {
      name,
      timeout: chance.int(250, 1_500),
      ...(chance.odds(0.7) ? { mode: chance.pick(['parallel', 'sequential', 'dependency'] as const) } : {}),
      ...(chance.odds(0.4) ? { after: chance.some(earlier, 0.5) } : {}),
      ...(chance.odds(0.2) ? { onFailure: 'abort' as const } : {}),
      ...(chance.odds(0.08) ? { enabled: false } : {}),
    };
  });
}
