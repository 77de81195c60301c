import type { Chance } from './chance.js';
import type { Facet } from './facets.js';
import { randomThrown } from './generate-behaviour.js';
import type { AppKind, ClientSpec, Scenario, Trigger } from './scenario.js';

const SIGNALS = ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** What asks for the shutdown, once or several times. The last of them ends the application in any case. */
export function randomTriggers(
  chance: Chance,
  {
    has,
    enabled,
    options,
  }: Pick<Scenario, 'enabled' | 'options'> & { readonly has: (facet: Facet) => boolean },
): readonly Trigger[] {
  const since = 'up';
  const first = chance.int(0, 400);
  const signal = (ms: number): Trigger => ({ since, ms, what: 'signal', signal: chance.pick(SIGNALS) });
  const close: Trigger = { since, ms: first, what: 'close' };
  if (!enabled) {
    return chance.odds(0.5)
      ? [close]
      : [
          { since, ms: first, what: 'run' },
          { ...close, ms: first + chance.int(0, 500) },
        ];
  }
  const thrown = randomThrown(chance, has);
  const fatal: Trigger = { since, ms: first, what: chance.odds(0.5) ? 'uncaught' : 'rejection', thrown };
  const courses: readonly (readonly [number, readonly Trigger[]])[] = [
    [6, [signal(first)]],
    [2, [signal(first), signal(first + chance.int(1, 700))]],
    [2, [signal(first), signal(first + chance.int(1_100, 1_600))]],
    [2, [close]],
    [1, [close, signal(first + chance.int(0, 500))]],
    [1, [{ since, ms: first, what: 'run' }, signal(first + chance.int(0, 900))]],
    [1, [signal(first), { since, ms: first + chance.int(0, 400), what: chance.odds(0.5) ? 'run' : 'close' }]],
    [options.ipc ? 3 : 0, [{ since, ms: first, what: 'message' }]],
    [options.ipc ? 1 : 0, [signal(first), { since, ms: first + chance.int(0, 300), what: 'message' }]],
    [options.fatalErrors ? 3 : 0, [fatal]],
    [options.fatalErrors ? 1 : 0, [signal(first), { ...fatal, ms: first + chance.int(0, 300) }]],
    [options.fatalErrors ? 0.7 : 0, [fatal, { ...fatal, ms: first + chance.int(20, 400) }]],
    [
      has('boot-signals') ? 2 : 0,
      [{ since: 'boot', ms: chance.int(0, 150), what: 'signal', signal: 'SIGTERM' }],
    ],
  ];
  return chance.weighted(courses);
}

/** Clients of the servers that the application has; most have work in flight as the shutdown begins. */
export function randomClients(
  chance: Chance,
  {
    has,
    kind,
    triggers,
    enabled,
  }: Pick<Scenario, 'triggers' | 'enabled'> & {
    readonly kind: AppKind;
    readonly has: (facet: Facet) => boolean;
  },
): readonly ClientSpec[] {
  if (kind === 'context' || triggers.some(({ since }) => since === 'boot')) return [];
  const first = Math.min(...triggers.map(({ ms }) => ms));
  const http = kind !== 'microservice';
  const count = chance.odds(0.3) ? 0 : chance.int(1, 5);
  return Array.from({ length: count }, (_, id) => ({
    id,
    ms: Math.max(0, first + chance.int(-250, 50)),
    kind: chance.weighted<ClientSpec['kind']>([
      [http ? 4 : 0, 'request'],
      [http ? 2 : 0, 'stream'],
      [http ? 2 : 0, 'pipelined'],
      [http ? 2 : 0, 'idle'],
      [http && has('clients-leave') ? 2 : 0, 'leaving'],
      [http && has('waits-for-itself') ? 0.3 : 0, askFor(chance, enabled)],
      [kind === 'microservice' || kind === 'hybrid' ? 4 : 0, 'message'],
    ]),
    workMs: chance.int(0, 350),
  }));
}

/** What a request asks for and awaits. With the module alone `close()` is Nest's own, which waits for the request. */
function askFor(chance: Chance, enabled: boolean): ClientSpec['kind'] {
  return chance.odds(0.5) || !enabled ? 'asks-run' : 'asks-close';
}
