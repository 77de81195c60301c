import { Logger } from '@nestjs/common';
import { resolveOptions, type GracefulShutdownOptions } from '../lib/graceful-shutdown.options.js';
import { DEFAULT_PHASES, OnShutdown, type ShutdownMistake, type ShutdownTask } from '../lib/index.js';
import type { Platform } from '../lib/process/process-port.js';
import { bootApplication, mistakesOf } from './nest/application.js';

const platform: Platform = {
  inKubernetes: false,
  defaultSignals: ['SIGTERM', 'SIGINT'],
  knownSignals: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'],
};

/** What is wrong with options that need not be of their type. */
function mistakesIn(options: unknown): readonly ShutdownMistake[] {
  return resolveOptions(options, platform).mistakes.all;
}

/** A row of the table: what is wrong, the input, and the code, the path and a part of the message. */
type Row = readonly [
  title: string,
  input: unknown,
  code: ShutdownMistake['code'],
  path: string,
  says: string,
];

const phase = (settings: object): object => ({ phases: [{ name: 'drain', timeout: 100, ...settings }] });

describe('rule 8: an option is rejected with a code, a path, and what to write instead', () => {
  test.each<Row>([
    [
      'null for the options',
      null,
      'SHUTDOWN_INVALID_OPTION',
      'options',
      'expected an object with options, got null',
    ],
    ['a list for the options', [], 'SHUTDOWN_INVALID_OPTION', 'options', 'got a list'],
    ['a text for the options', 'drain', 'SHUTDOWN_INVALID_OPTION', 'options', "got 'drain'"],
    [
      'a misspelt option',
      { shutdownDeley: 5 },
      'SHUTDOWN_UNKNOWN_OPTION',
      'shutdownDeley',
      "Did you mean 'shutdownDelay'?",
    ],
    [
      'an option in the wrong case',
      { graceperiod: 5_000 },
      'SHUTDOWN_UNKNOWN_OPTION',
      'graceperiod',
      "Did you mean 'gracePeriod'?",
    ],
    [
      'an option that is like no other',
      { verbose: true },
      'SHUTDOWN_UNKNOWN_OPTION',
      'verbose',
      "Known: 'phases'",
    ],

    [
      'an AbortController for abortSignal',
      { abortSignal: new AbortController() },
      'SHUTDOWN_INVALID_OPTION',
      'abortSignal',
      'an AbortSignal',
    ],
    [
      'a string as a feature',
      { features: ['microservices'] },
      'SHUTDOWN_INVALID_OPTION',
      'features',
      'expected a list of features, such as drainMicroservices()',
    ],
    ['a text for the doctor', { doctor: 'off' }, 'SHUTDOWN_INVALID_OPTION', 'doctor', "got 'off'"],
    [
      'an unknown finding',
      { doctor: { ignore: ['pid1'] } },
      'SHUTDOWN_INVALID_OPTION',
      'doctor.ignore[0]',
      "Did you mean 'pid-1'?",
    ],
    [
      'a string for doctor.ignore',
      { doctor: { ignore: 'pid-1' } },
      'SHUTDOWN_INVALID_OPTION',
      'doctor.ignore',
      "expected a list, got 'pid-1'",
    ],
    [
      'an unknown key of the doctor',
      { doctor: { ignored: [] } },
      'SHUTDOWN_UNKNOWN_OPTION',
      'doctor.ignored',
      "Did you mean 'ignore'?",
    ],
    ['an empty list of phases', { phases: [] }, 'SHUTDOWN_NO_PHASES', 'phases', 'got an empty list'],
    ['null for the phases', { phases: null }, 'SHUTDOWN_NO_PHASES', 'phases', 'got null'],
    ['an object for the phases', { phases: {} }, 'SHUTDOWN_NO_PHASES', 'phases', 'Omit the option'],
    [
      'a name for a phase',
      { phases: ['drain'] },
      'SHUTDOWN_INVALID_OPTION',
      'phases[0]',
      "expected a phase such as { name, timeout }, got 'drain'",
    ],
    [
      'a hole in the phases',
      { phases: [undefined] },
      'SHUTDOWN_INVALID_OPTION',
      'phases[0]',
      'got undefined',
    ],
    [
      'a phase without a name',
      { phases: [{ timeout: 5 }] },
      'SHUTDOWN_INVALID_NAME',
      'phases[0].name',
      'got undefined',
    ],
    ['an empty name', phase({ name: '' }), 'SHUTDOWN_INVALID_NAME', 'phases[0].name', "got ''"],
    ['a name of blanks', phase({ name: '  ' }), 'SHUTDOWN_INVALID_NAME', 'phases[0].name', 'non-empty'],
    ['a number for a name', phase({ name: 1 }), 'SHUTDOWN_INVALID_NAME', 'phases[0].name', 'got 1'],
    [
      'two phases of one name',
      {
        phases: [
          { name: 'drain', timeout: 100 },
          { name: 'close', timeout: 100 },
          { name: 'drain', timeout: 100 },
        ],
      },
      'SHUTDOWN_DUPLICATE_PHASE',
      'phases[2].name',
      "duplicate phase 'drain', already defined at phases[0]. Rename one of them",
    ],
    [
      'a misspelt key of a phase',
      phase({ timeuot: 5 }),
      'SHUTDOWN_UNKNOWN_OPTION',
      'phases[0].timeuot',
      "Did you mean 'timeout'?",
    ],
    [
      'a phase without timeout',
      phase({ timeout: undefined }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      'got undefined',
    ],
    [
      'a timeout of 0',
      phase({ timeout: 0 }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      'expected a positive number of milliseconds, got 0',
    ],
    ['a negative timeout', phase({ timeout: -1 }), 'SHUTDOWN_INVALID_TIMEOUT', 'phases[0].timeout', 'got -1'],
    [
      'an endless timeout',
      phase({ timeout: Infinity }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      'got Infinity',
    ],
    [
      'NaN as a timeout',
      phase({ timeout: Number.NaN }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      'got NaN',
    ],
    [
      'a string as a timeout',
      phase({ timeout: '5s' }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      "got '5s'",
    ],
    [
      'a timeout above the limit of timers',
      phase({ timeout: 2 ** 31 }),
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout',
      'at most 2147483647',
    ],
    [
      'a misspelt mode',
      phase({ mode: 'paralel' }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].mode',
      "expected one of 'parallel', 'sequential', 'dependency', got 'paralel'. Did you mean 'parallel'?",
    ],
    [
      'a number for a mode',
      phase({ mode: 1 }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].mode',
      "expected one of 'parallel', 'sequential', 'dependency', got 1.",
    ],
    [
      'an unknown onFailure',
      phase({ onFailure: 'abord' }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].onFailure',
      "expected one of 'continue', 'abort', got 'abord'. Did you mean 'abort'?",
    ],
    [
      'a text for enabled',
      phase({ enabled: 'no' }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].enabled',
      'expected true or false',
    ],
    [
      'a name for after',
      phase({ after: 'unready' }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].after',
      'expected a list of names',
    ],
    [
      'a number in after',
      phase({ after: [1] }),
      'SHUTDOWN_INVALID_OPTION',
      'phases[0].after',
      'expected a list of names',
    ],
    [
      'a misspelt phase in after',
      {
        phases: [
          { name: 'drain', timeout: 100 },
          { name: 'close', timeout: 100, after: ['drian'] },
        ],
      },
      'SHUTDOWN_UNKNOWN_PHASE',
      'phases[1].after[0]',
      "unknown phase 'drian'. Did you mean 'drain'?",
    ],
    [
      'a phase that waits for itself',
      phase({ after: ['drain'] }),
      'SHUTDOWN_PHASE_CYCLE',
      'phases[0].after[0]',
      'drain → drain: a phase cannot wait for itself. Remove this name.',
    ],
    [
      'phases that wait for each other',
      {
        phases: [
          { name: 'drain', timeout: 100, after: ['close'] },
          { name: 'flush', timeout: 100 },
          { name: 'close', timeout: 100 },
        ],
      },
      'SHUTDOWN_PHASE_CYCLE',
      'phases',
      '. Remove one of these names from an `after`.',
    ],
    [
      'an error beside the phase unready',
      { phases: [{ name: 'unready' }, { name: 'drain', timeout: -1 }] },
      'SHUTDOWN_INVALID_TIMEOUT',
      'phases[1].timeout',
      'got -1',
    ],

    [
      'a negative shutdownDelay',
      { shutdownDelay: -1 },
      'SHUTDOWN_INVALID_TIMEOUT',
      'shutdownDelay',
      'got -1',
    ],
    [
      'a string as a shutdownDelay',
      { shutdownDelay: '5' },
      'SHUTDOWN_INVALID_TIMEOUT',
      'shutdownDelay',
      "got '5'",
    ],
    [
      'null for the shutdownDelay',
      { shutdownDelay: null },
      'SHUTDOWN_INVALID_TIMEOUT',
      'shutdownDelay',
      'got null',
    ],
    [
      'a shutdownDelay as long as its phase',
      { shutdownDelay: 2_000, phases: [{ name: 'unready', timeout: 2_000 }] },
      'SHUTDOWN_DELAY_EXCEEDS_PHASE',
      'shutdownDelay',
      "expected less than 2000 ms, the timeout of phase 'unready', got 2000 ms. Omit the timeout",
    ],
    [
      'a shutdownDelay that leaves no timer for its phase',
      { shutdownDelay: 2_147_483_647 },
      'SHUTDOWN_DELAY_EXCEEDS_PHASE',
      'shutdownDelay',
      "expected less than 2147483647 ms, the timeout of phase 'unready'",
    ],
    ['a gracePeriod of 0', { gracePeriod: 0 }, 'SHUTDOWN_INVALID_TIMEOUT', 'gracePeriod', 'got 0'],
    [
      'a gracePeriod without room for a phase',
      { gracePeriod: 1_000 },
      'SHUTDOWN_INVALID_TIMEOUT',
      'gracePeriod',
      'expected more than 1000 ms, which are reserved for the exit of the process, got 1000 ms',
    ],
    [
      'true for http',
      { http: true },
      'SHUTDOWN_INVALID_OPTION',
      'http',
      'expected an object of options or false, got true',
    ],
    [
      'a misspelt key of http',
      { http: { idelGrace: 5 } },
      'SHUTDOWN_UNKNOWN_OPTION',
      'http.idelGrace',
      "Did you mean 'idleGrace'?",
    ],
    [
      'rule 14: a phase of http that is not there',
      { http: { phase: 'drian' } },
      'SHUTDOWN_UNKNOWN_PHASE',
      'http.phase',
      "unknown phase 'drian'. Did you mean 'drain'?",
    ],
    [
      'a negative idleGrace',
      { http: { idleGrace: -1 } },
      'SHUTDOWN_INVALID_TIMEOUT',
      'http.idleGrace',
      'got -1',
    ],
    [
      'a misspelt late',
      { http: { late: 'refuse' } },
      'SHUTDOWN_INVALID_OPTION',
      'http.late',
      "expected one of 'serve', 'reject', got 'refuse'.",
    ],
    [
      'a path without a leading slash',
      { http: { serve: ['health'] } },
      'SHUTDOWN_INVALID_OPTION',
      'http.serve',
      "a list of paths that begin with '/'",
    ],
    [
      'a path that nothing matches',
      { http: { ignore: ['/metrics', '/poll/:'] } },
      'SHUTDOWN_INVALID_OPTION',
      'http.ignore[1]',
      "expected a path pattern, got '/poll/:': it has a ':' without a name after it.",
    ],
    [
      'a string for http.ignore',
      { http: { ignore: '/poll' } },
      'SHUTDOWN_INVALID_OPTION',
      'http.ignore',
      "got '/poll'",
    ],
    [
      'a string for http.sse',
      { http: { sse: 'bye' } },
      'SHUTDOWN_INVALID_OPTION',
      'http.sse',
      "expected { retry, event }, got 'bye'",
    ],
    ['a retry of 0', { http: { sse: { retry: 0 } } }, 'SHUTDOWN_INVALID_TIMEOUT', 'http.sse.retry', 'got 0'],
    [
      'a farewell without data',
      { http: { sse: { event: {} } } },
      'SHUTDOWN_INVALID_OPTION',
      'http.sse.event.data',
      'expected a string, got undefined',
    ],
    ['true for probes', { probes: true }, 'SHUTDOWN_INVALID_OPTION', 'probes', 'got true'],
    [
      'a misspelt key of probes',
      { probes: { readyness: '/r' } },
      'SHUTDOWN_UNKNOWN_OPTION',
      'probes.readyness',
      "Did you mean 'readiness'?",
    ],
    [
      'a probe without slash',
      { probes: { liveness: 'livez' } },
      'SHUTDOWN_INVALID_OPTION',
      'probes.liveness',
      "a path that begins with '/'",
    ],
    [
      'a port above 65535',
      { probes: { port: 70_000 } },
      'SHUTDOWN_INVALID_OPTION',
      'probes.port',
      'a port from 0 to 65535',
    ],
    [
      'a misspelt whileDraining',
      { probes: { whileDraining: 'fial' } },
      'SHUTDOWN_INVALID_OPTION',
      'probes.whileDraining',
      "Did you mean 'fail'?",
    ],
    [
      'a name for inFlight',
      { inFlight: 'drain' },
      'SHUTDOWN_INVALID_OPTION',
      'inFlight',
      "expected { phase }, got 'drain'",
    ],
    ['null for inFlight', { inFlight: null }, 'SHUTDOWN_INVALID_OPTION', 'inFlight', 'got null'],
    [
      'a misspelt key of inFlight',
      { inFlight: { fase: 'drain' } },
      'SHUTDOWN_UNKNOWN_OPTION',
      'inFlight.fase',
      "Did you mean 'phase'?",
    ],
    [
      'rule 14: a phase of inFlight that is not there',
      { inFlight: { phase: 'drains' } },
      'SHUTDOWN_UNKNOWN_PHASE',
      'inFlight.phase',
      "unknown phase 'drains'. Did you mean 'drain'?",
    ],
    [
      'an empty phase of inFlight',
      { inFlight: { phase: '' } },
      'SHUTDOWN_INVALID_NAME',
      'inFlight.phase',
      "got ''",
    ],
    ['one signal', { signals: 'SIGTERM' }, 'SHUTDOWN_INVALID_OPTION', 'signals', 'Use [] for none'],
    [
      'a misspelt signal',
      { signals: ['SIGINT', 'SIGTREM'] },
      'SHUTDOWN_INVALID_OPTION',
      'signals[1]',
      "expected a signal that a process can handle on this platform, got 'SIGTREM'. Did you mean 'SIGTERM'?",
    ],
    [
      'a signal that cannot be caught',
      { signals: ['SIGKILL'] },
      'SHUTDOWN_INVALID_OPTION',
      'signals[0]',
      "expected a signal that a process can handle on this platform, got 'SIGKILL'",
    ],
    [
      'NaN as a signal',
      { signals: [Number.NaN] },
      'SHUTDOWN_INVALID_OPTION',
      'signals[0]',
      'expected a signal that a process can handle on this platform, got NaN',
    ],
    [
      'a text for ipc',
      { ipc: 'true' },
      'SHUTDOWN_INVALID_OPTION',
      'ipc',
      "expected true or false, got 'true'",
    ],
    ['a number for fatalErrors', { fatalErrors: 1 }, 'SHUTDOWN_INVALID_OPTION', 'fatalErrors', 'got 1'],
    [
      'a number for exit',
      { exit: 0 },
      'SHUTDOWN_INVALID_OPTION',
      'exit',
      "expected one of 'code', 'signal', 'none', got 0.",
    ],
    ['a misspelt exit', { exit: 'non' }, 'SHUTDOWN_INVALID_OPTION', 'exit', "Did you mean 'none'?"],
    [
      'a misspelt runAt',
      { runAt: 'module-destory' },
      'SHUTDOWN_INVALID_OPTION',
      'runAt',
      "Did you mean 'module-destroy'?",
    ],
    [
      'a progressInterval of 0',
      { progressInterval: 0 },
      'SHUTDOWN_INVALID_TIMEOUT',
      'progressInterval',
      'got 0',
    ],
    ['true for the logger', { logger: true }, 'SHUTDOWN_INVALID_OPTION', 'logger', 'false or a logger'],
    [
      'a logger that cannot warn',
      { logger: { log: () => undefined, error: () => undefined } },
      'SHUTDOWN_INVALID_OPTION',
      'logger',
      "the methods 'log', 'warn' and 'error'",
    ],
  ])('%s', (_, input, code, path, says) => {
    expect(mistakesIn(input)).toEqual([{ code, path, message: expect.stringContaining(says) }]);
  });
});

describe('rule 8: a handler is rejected with a code, its name, and what to write instead', () => {
  test.each<Row>([
    [
      'a misspelt phase',
      { phase: 'clsoe' },
      'SHUTDOWN_UNKNOWN_PHASE',
      'Pool.end.phase',
      "unknown phase 'clsoe'. Did you mean 'close'?",
    ],
    ['a number for the phase', { phase: 3 }, 'SHUTDOWN_UNKNOWN_PHASE', 'Pool.end.phase', 'unknown phase 3'],
    [
      'a misspelt key',
      { timeOut: 5 },
      'SHUTDOWN_UNKNOWN_OPTION',
      'Pool.end.timeOut',
      "Did you mean 'timeout'?",
    ],
    [
      'a key that only tasks have',
      { run: () => 1 },
      'SHUTDOWN_UNKNOWN_OPTION',
      'Pool.end.run',
      'unknown option',
    ],
    [
      'a misspelt mode',
      { mode: 'serial' },
      'SHUTDOWN_INVALID_OPTION',
      'Pool.end.mode',
      "expected one of 'parallel', 'sequential', 'dependency', got 'serial'.",
    ],
    [
      'a string as an order',
      { order: 'first' },
      'SHUTDOWN_INVALID_OPTION',
      'Pool.end.order',
      'expected a finite number',
    ],
    ['an endless order', { order: Infinity }, 'SHUTDOWN_INVALID_OPTION', 'Pool.end.order', 'got Infinity'],
    ['a name for after', { after: 'other' }, 'SHUTDOWN_INVALID_OPTION', 'Pool.end.after', 'a list of names'],
    [
      'a misspelt task in after',
      { after: ['Other.ends'] },
      'SHUTDOWN_UNKNOWN_TASK',
      'Pool.end.after[0]',
      "unknown task 'Other.ends'. Did you mean 'Other.end'?",
    ],
    [
      'a task of a later phase in after',
      { phase: 'flush', after: ['Other.end'] },
      'SHUTDOWN_TASK_ORDER',
      'Pool.end.after[0]',
      "'Other.end' is in phase 'close', which does not run before phase 'flush'",
    ],
    ['an empty name', { name: '' }, 'SHUTDOWN_INVALID_NAME', 'Pool.end.name', 'non-empty'],
    [
      'the name of another',
      { name: 'Other.end' },
      'SHUTDOWN_DUPLICATE_TASK',
      'Other.end',
      'Give one of the tasks a `name` of its own',
    ],
    [
      'a timeout of 0',
      { timeout: 0 },
      'SHUTDOWN_INVALID_TIMEOUT',
      'Pool.end.timeout',
      'expected a positive number of milliseconds, got 0',
    ],
    [
      'a timeout beyond its phase',
      { timeout: 5_001 },
      'SHUTDOWN_TIMEOUT_EXCEEDS_PHASE',
      'Pool.end.timeout',
      "expected at most 5000 ms, the timeout of phase 'close', got 5001 ms. Lower it, or raise the timeout of the phase.",
    ],
  ])('%s', async (_, input, code, path, says) => {
    class Other {
      @OnShutdown()
      end(): void {}
    }
    class Pool {
      @OnShutdown(input as object)
      end(): void {}
    }

    expect(await mistakesOf(() => bootApplication({ providers: [Other, Pool] }))).toEqual([
      { code, path, message: expect.stringContaining(says) },
    ]);
  });
});

describe('rule 8: a task is rejected when it is registered', () => {
  const run = (): void => undefined;

  test.each<Row>([
    [
      'no task',
      undefined,
      'SHUTDOWN_INVALID_OPTION',
      'register(task)',
      'expected a task such as { name, run }, got undefined',
    ],
    ['a function', run, 'SHUTDOWN_INVALID_OPTION', 'run', 'got the function run'],
    ['no name', { run }, 'SHUTDOWN_INVALID_NAME', 'register(task).name', 'got undefined'],
    ['an empty name', { name: '', run }, 'SHUTDOWN_INVALID_NAME', 'register(task).name', "got ''"],
    [
      'no function',
      { name: 'pool' },
      'SHUTDOWN_NOT_A_FUNCTION',
      'pool.run',
      'expected a function, got undefined',
    ],
    [
      'a promise',
      { name: 'pool', run: Promise.resolve() },
      'SHUTDOWN_NOT_A_FUNCTION',
      'pool.run',
      'got an object',
    ],
    [
      'an unknown phase',
      { name: 'pool', phase: 'drian', run },
      'SHUTDOWN_UNKNOWN_PHASE',
      'pool.phase',
      "Did you mean 'drain'?",
    ],
    [
      'an unknown key',
      { name: 'pool', fase: 'drain', run },
      'SHUTDOWN_UNKNOWN_OPTION',
      'pool.fase',
      "'phase'",
    ],
    [
      'a name that is taken',
      { name: 'Other.end', run },
      'SHUTDOWN_DUPLICATE_TASK',
      'Other.end',
      'Unregister it first, or give this task another name.',
    ],
    [
      'an unknown task in after',
      { name: 'pool', after: ['Othr.end'], run },
      'SHUTDOWN_UNKNOWN_TASK',
      'pool.after[0]',
      "Did you mean 'Other.end'?",
    ],
  ])('%s', async (_, input, code, path, says) => {
    class Other {
      @OnShutdown()
      end(): void {}
    }
    const { shutdown, taskNames } = await bootApplication({ providers: [Other] });
    expect(await mistakesOf(() => shutdown.register(input as ShutdownTask))).toEqual([
      { code, path, message: expect.stringContaining(says) },
    ]);
    expect(taskNames()).toEqual(['Other.end']);
  });
});

describe('rule 8: several problems', () => {
  test('are reported by one error, each on its own line', async () => {
    class Pool {
      @OnShutdown({ phase: 'clsoe', timeout: -5 })
      end(): void {}
    }
    const shutdown = {
      shutdownDeley: 1,
      exit: 'never',
      phases: [{ name: 'close', timeout: 'long', mode: 'fast' }],
    } as unknown as GracefulShutdownOptions;

    const error = await bootApplication({ providers: [Pool], shutdown }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ShutdownConfigurationError', code: 'SHUTDOWN_CONFIGURATION' });
    const lines = String(error).split('\n');
    expect(lines).toEqual([
      'ShutdownConfigurationError: Invalid shutdown configuration (6 problems):',
      expect.stringMatching(
        /^ {2}shutdownDeley: unknown option\. Did you mean 'shutdownDelay'\? Known: '.+, \d more\. \[SHUTDOWN_UNKNOWN_OPTION\]$/,
      ),
      "  phases[0].mode: expected one of 'parallel', 'sequential', 'dependency', got 'fast'. [SHUTDOWN_INVALID_OPTION]",
      "  phases[0].timeout: expected a positive number of milliseconds, got 'long'. [SHUTDOWN_INVALID_TIMEOUT]",
      "  exit: expected one of 'code', 'signal', 'none', got 'never'. [SHUTDOWN_INVALID_OPTION]",
      "  Pool.end.phase: unknown phase 'clsoe'. Did you mean 'close'? Known: 'unready', 'close'. [SHUTDOWN_UNKNOWN_PHASE]",
      '  Pool.end.timeout: expected a positive number of milliseconds, got -5. [SHUTDOWN_INVALID_TIMEOUT]',
    ]);
  });

  test('of different kinds are all collected', () => {
    const mistakes = mistakesIn({
      typo: 1,
      signals: ['SIGX', 'SIGY', 'SIGX'],
      gracePeriod: '30s',
      phases: [{ name: 'a' }, { name: 'a', timeout: 1 }, 5, { name: 'b', timeout: 1, after: ['c', 'd'] }],
    });
    expect(mistakes.map(({ code, path }) => `${path} ${code}`)).toEqual([
      'typo SHUTDOWN_UNKNOWN_OPTION',
      'gracePeriod SHUTDOWN_INVALID_TIMEOUT',
      'phases[0].timeout SHUTDOWN_INVALID_TIMEOUT',
      'phases[1].name SHUTDOWN_DUPLICATE_PHASE',
      'phases[2] SHUTDOWN_INVALID_OPTION',
      'phases[3].after[0] SHUTDOWN_UNKNOWN_PHASE',
      'phases[3].after[1] SHUTDOWN_UNKNOWN_PHASE',
      'signals[0] SHUTDOWN_INVALID_OPTION',
      'signals[1] SHUTDOWN_INVALID_OPTION',
      'signals[2] SHUTDOWN_INVALID_OPTION',
    ]);
  });

  test('leave the settings usable, so that the checks can continue', () => {
    const settings = resolveOptions({ gracePeriod: 'x', exit: 'y', signals: 'z', inFlight: 3 }, platform);
    expect(settings).toMatchObject({
      gracePeriod: 30_000,
      exit: 'code',
      signals: platform.defaultSignals,
      inFlightPhase: 'drain',
    });
  });
});

describe('the options object of the user', () => {
  const frozen = <T extends object>(value: T): T => {
    for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) frozen(each);
    return Object.freeze(value);
  };

  test('may be deeply frozen', () => {
    const options: GracefulShutdownOptions = frozen({
      phases: [
        { name: 'unready' },
        { name: 'drain', timeout: 100, after: ['unready'] },
        { name: 'close', timeout: 5 },
      ],
      inFlight: { phase: 'close' },
      signals: ['SIGTERM'],
    });
    const settings = resolveOptions(options, platform);
    expect(settings.mistakes.all).toEqual([]);
    expect(settings.phaseGraph.names).toEqual(['unready', 'drain', 'close']);
  });

  test('is not changed, even if it is invalid', () => {
    const options = {
      phases: [{ name: 'drain', timeout: -1, after: ['nobody'] }, { name: 'unready' }],
      shutdownDelay: 10,
      typo: true,
    };
    const before = structuredClone(options);
    resolveOptions(options, platform);
    expect(options).toEqual(before);
  });

  test('may be changed afterwards, without effect', () => {
    const phases = [{ name: 'drain', timeout: 100, after: [] as string[] }];
    const settings = resolveOptions({ phases }, platform);
    phases[0]?.after.push('unready');
    phases.pop();
    expect(settings.phaseGraph.phase('drain')).toMatchObject({ timeout: 100, after: [] });
  });

  test('may leave an option undefined', () => {
    const undefinedOptions = Object.fromEntries(
      [
        'phases',
        'shutdownDelay',
        'gracePeriod',
        'inFlight',
        'features',
        'signals',
        'ipc',
        'fatalErrors',
        'exit',
        'runAt',
        'doctor',
        'progressInterval',
        'logger',
      ].map((key) => [key, undefined]),
    );
    expect(resolveOptions(undefinedOptions, platform)).toMatchObject({
      ...resolveOptions({}, platform),
      mistakes: expect.anything(),
      phaseGraph: expect.anything(),
      featurePhase: expect.any(Function),
    });
    expect(mistakesIn(undefinedOptions)).toEqual([]);
  });
});

describe('the defaults of the options', () => {
  test('apply to every omitted option', () => {
    const { mistakes, phaseGraph, ...settings } = resolveOptions({}, platform);
    expect(mistakes.all).toEqual([]);
    expect(settings).toMatchObject({
      shutdownDelay: 0,
      gracePeriod: 30_000,
      http: { phase: 'drain', idleGrace: 300, late: 'serve', serve: [], ignore: [], sse: {} },
      inFlightPhase: 'drain',
      signals: ['SIGTERM', 'SIGINT'],
      ipc: false,
      fatalErrors: false,
      exit: 'code',
      runAt: 'module-destroy',
      progressInterval: 5_000,
      logger: undefined,
    });
    expect(phaseGraph.phases).toEqual([
      { name: 'unready', mode: 'parallel', timeout: 1_000, after: [], onFailure: 'continue', enabled: true },
      {
        name: 'drain',
        mode: 'parallel',
        timeout: 15_000,
        after: ['unready'],
        onFailure: 'continue',
        enabled: true,
      },
      {
        name: 'flush',
        mode: 'parallel',
        timeout: 3_000,
        after: ['drain'],
        onFailure: 'continue',
        enabled: true,
      },
      {
        name: 'close',
        mode: 'dependency',
        timeout: 5_000,
        after: ['flush'],
        onFailure: 'continue',
        enabled: true,
      },
    ]);
  });

  test('of other options still apply if one option is set', () => {
    expect(resolveOptions({ exit: 'none' }, platform)).toMatchObject({ exit: 'none', gracePeriod: 30_000 });
    expect(resolveOptions({ inFlight: {} }, platform)).toMatchObject({ inFlightPhase: 'drain' });
  });

  test('include a shutdownDelay of 5 000 ms on Kubernetes, and a longer timeout of unready', () => {
    const { shutdownDelay, phaseGraph } = resolveOptions({}, { ...platform, inKubernetes: true });
    expect(shutdownDelay).toBe(5_000);
    expect(phaseGraph.phase('unready')?.timeout).toBe(6_000);
  });

  test('give way to a shutdownDelay of 0 on Kubernetes', () => {
    const settings = resolveOptions({ shutdownDelay: 0 }, { ...platform, inKubernetes: true });
    expect(settings.shutdownDelay).toBe(0);
  });

  test('give way to every valid value', () => {
    const logger = new Logger();
    const options = {
      phases: [
        ...DEFAULT_PHASES,
        { name: 'metrics', timeout: 2_000, after: ['flush'], onFailure: 'abort', enabled: false },
      ],
      shutdownDelay: 20,
      gracePeriod: 60_000,
      inFlight: { phase: 'flush' },
      signals: [],
      ipc: true,
      fatalErrors: true,
      exit: 'signal',
      runAt: 'before-application-shutdown',
      progressInterval: 100,
      logger,
    };
    const settings = resolveOptions(options, platform);
    expect(settings.mistakes.all).toEqual([]);
    const { phases, inFlight, ...rest } = options;
    expect(settings).toMatchObject({ ...rest, inFlightPhase: inFlight.phase });
    expect(settings.phaseGraph.phases).toHaveLength(phases.length);
    expect(settings.logger).toBe(logger);
  });
});

describe("rule 14: the user's list of phases", () => {
  test('gets the phase unready in front if it is missing', () => {
    const { phaseGraph } = resolveOptions(
      {
        shutdownDelay: 500,
        phases: [
          { name: 'a', timeout: 1 },
          { name: 'b', timeout: 1 },
        ],
      },
      platform,
    );
    expect(phaseGraph.phases.map(({ name, after }) => [name, ...after])).toEqual([
      ['unready'],
      ['a', 'unready'],
      ['b', 'a'],
    ]);
    expect(phaseGraph.phase('unready')?.timeout).toBe(1_500);
  });

  test('keeps the place and the timeout of unready', () => {
    const { phaseGraph } = resolveOptions(
      {
        phases: [
          { name: 'a', timeout: 1 },
          { name: 'unready', timeout: 70 },
        ],
      },
      platform,
    );
    expect(phaseGraph.phases.map(({ name, timeout }) => [name, timeout])).toEqual([
      ['a', 1],
      ['unready', 70],
    ]);
  });

  test.each<[string, object, string]>([
    ['goes to drain', {}, 'drain'],
    [
      'goes to drain at any position',
      {
        phases: [
          { name: 'a', timeout: 1 },
          { name: 'drain', timeout: 1 },
        ],
      },
      'drain',
    ],
    [
      'goes to the first phase of a list without drain',
      {
        phases: [
          { name: 'stop', timeout: 1 },
          { name: 'end', timeout: 1 },
        ],
      },
      'stop',
    ],
    ['skips unready', { phases: [{ name: 'unready' }, { name: 'stop', timeout: 1 }] }, 'stop'],
    ['goes to unready if that is the only phase', { phases: [{ name: 'unready' }] }, 'unready'],
    ['goes to the phase that its option names', { inFlight: { phase: 'close' } }, 'close'],
    ['goes to unready if its option says so', { inFlight: { phase: 'unready' } }, 'unready'],
  ])('in which the drain %s', (_, options, phaseName) => {
    const settings = resolveOptions(options, platform);
    expect(settings.mistakes.all).toEqual([]);
    expect(settings.inFlightPhase).toBe(phaseName);
  });
});
