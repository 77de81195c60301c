import type { GatewayDrainOptions } from '../../lib/websockets/index.js';
import { drainGateways } from '../../lib/websockets/index.js';
import { bootApplication, bootMistakes } from '../nest/application.js';

/** As somebody writes it who does not look at the types. */
const written = (options: unknown): GatewayDrainOptions => Object(options);

const mistakesWith = (options: unknown) =>
  bootMistakes({ shutdown: { features: [drainGateways(written(options))] } });

const INVALID = 'SHUTDOWN_INVALID_OPTION';

test.each<[unknown, string, string, RegExp]>([
  [{ windows: 5 }, 'SHUTDOWN_UNKNOWN_OPTION', 'windows', /Did you mean 'window'/],
  [
    { window: -1 },
    'SHUTDOWN_INVALID_TIMEOUT',
    'window',
    /expected 0 or a positive number of milliseconds, got -1/,
  ],
  [{ window: '2s' }, 'SHUTDOWN_INVALID_TIMEOUT', 'window', /got '2s'/],
  [{ mode: 'finsh' }, INVALID, 'mode', /Did you mean 'finish'/],
  [{ code: 1005 }, INVALID, 'code', /a close code of a WebSocket.*got 1005/],
  [{ code: 2000 }, INVALID, 'code', /got 2000/],
  [{ code: 1001.5 }, INVALID, 'code', /got 1001.5/],
  [{ code: '1001' }, INVALID, 'code', /got '1001'/],
  [{ reason: 'ä'.repeat(62) }, INVALID, 'reason', /at most 123 bytes/],
  [{ reason: 7 }, INVALID, 'reason', /got 7/],
  [{ event: 'bye' }, INVALID, 'event', /expected \{ event, data \}, got 'bye'/],
  [{ event: { data: 1 } }, 'SHUTDOWN_INVALID_NAME', 'event.event', /got undefined/],
  [{ event: { event: 'bye', date: 1 } }, 'SHUTDOWN_UNKNOWN_OPTION', 'event.date', /Did you mean 'data'/],
  [{ socketIo: 'stay' }, INVALID, 'socketIo', /expected one of .*, got 'stay'/],
  [{ streams: true }, INVALID, 'streams', /expected one of .*, got true/],
  [{ crossing: 'answer' }, INVALID, 'crossing', /expected one of .*, got 'answer'/],
  [{ phase: 'drian' }, 'SHUTDOWN_UNKNOWN_PHASE', 'phase', /unknown phase 'drian'.*'drain'/],
])('the gateway options %j are a configuration error', async (options, code, option, message) => {
  expect(await mistakesWith(options)).toEqual([
    { code, path: `drainGateways().${option}`, message: expect.stringMatching(message) },
  ]);
});

test('gateway options that are not an object are a configuration error', async () => {
  expect(await bootMistakes({ shutdown: { features: [drainGateways(JSON.parse('"fast"'))] } })).toEqual([
    { code: INVALID, path: 'drainGateways()', message: expect.stringContaining("got 'fast'") },
  ]);
});

test('all errors in the gateway options are reported at once', async () => {
  expect(await mistakesWith({ window: -1, code: 1, reason: 2 })).toHaveLength(3);
});

test('an app without gateways has nothing to drain', async () => {
  const { log, taskNames } = await bootApplication({ shutdown: { features: [drainGateways()] } });
  expect(taskNames()).toEqual([]);
  expect(log.warnings).toEqual([]);
});
