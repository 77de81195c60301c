import type { RuleName } from './check.js';
import type { Entry, Noted, ReportSketch, TaskSketch } from './journal.js';
import type { Observation } from './observe.js';
import type { ProviderSpec, Scenario, TaskSpec } from './scenario.js';

/** When the forged process is up; every time below is in milliseconds from then. */
const UP = 1_700_000_000_000;

function taskOf(name: string, phase: string, rest: Partial<TaskSpec> = {}): TaskSpec {
  return { name, phase, behaviour: { kind: 'resolve', ms: 10 }, ...rest };
}

function provider(id: number, handlers: readonly TaskSpec[], injects: readonly number[] = []): ProviderSpec {
  return { id, module: 0, shape: 'class', injects, alias: false, handlers, hooks: [] };
}

const SCENARIO: Scenario = {
  seed: 0,
  index: 0,
  major: 12,
  kind: 'express',
  enabled: true,
  options: {
    phases: [
      { name: 'drain', timeout: 1_000 },
      { name: 'flush', timeout: 1_000, mode: 'sequential' },
      { name: 'close', timeout: 1_000, mode: 'dependency' },
    ],
    shutdownDelay: 100,
    gracePeriod: 5_000,
    exit: 'code',
    runAt: 'module-destroy',
    fatalErrors: false,
    ipc: false,
  },
  logger: 'nest',
  stored: true,
  stdoutGone: false,
  bareValue: false,
  providers: [
    provider(0, [taskOf('P0.m0', 'close')]),
    provider(
      1,
      [
        taskOf('P1.m0', 'close'),
        taskOf('P1.m1', 'flush', { order: 1 }),
        taskOf('P1.m2', 'flush', { order: 2 }),
      ],
      [0],
    ),
    provider(2, [taskOf('P2.m0', 'drain')]),
  ],
  registered: [],
  meddling: [],
  triggers: [{ since: 'up', ms: 200, what: 'signal', signal: 'SIGTERM' }],
  clients: [{ id: 0, ms: 150, kind: 'request', workMs: 200 }],
};

type Line = readonly [number, Noted];

function ran(name: string, phase: string, [from, to]: readonly [number, number]): readonly Line[] {
  const noted = { what: 'task', task: name } as const;
  return [
    [from, { ...noted, step: 'start', phase, deadline: UP + from + 1_000 }],
    [to, { ...noted, step: 'end' }],
  ];
}

const LINES: readonly Line[] = [
  [-30, { what: 'created' }],
  [-20, { what: 'enabled' }],
  [0, { what: 'up', http: 40_000 }],
  [160, { what: 'work', client: 0, step: 'accepted' }],
  [201, { what: 'run', step: 'started', reason: 'SIGTERM', deadline: UP + 4_201 }],
  ...ran('P2.m0', 'drain', [302, 312]),
  [360, { what: 'work', client: 0, step: 'done' }],
  ...ran('P1.m1', 'flush', [400, 410]),
  ...ran('P1.m2', 'flush', [411, 421]),
  ...ran('P1.m0', 'close', [422, 432]),
  ...ran('P0.m0', 'close', [433, 443]),
  [444, { what: 'run', step: 'finished', outcome: 'completed' }],
  [446, { what: 'hook', hook: 'P2.onModuleDestroy', step: 'start' }],
  [447, { what: 'hook', hook: 'P2.onModuleDestroy', step: 'end' }],
  [450, { what: 'exit', code: 0 }],
];

function entry(name: string, startMs: number, durationMs: number): TaskSketch {
  return { name, outcome: 'completed', startMs, durationMs };
}

function phaseOf(name: string, tasks: readonly TaskSketch[]): ReportSketch['phases'][number] {
  const startMs = tasks[0]?.startMs ?? 0;
  const end = Math.max(...tasks.map((each) => each.startMs + each.durationMs));
  return { name, outcome: 'completed', startMs, durationMs: end - startMs, tasks };
}

const REPORT: ReportSketch = {
  reason: 'SIGTERM',
  joined: [],
  outcome: 'completed',
  startedAt: UP + 201,
  durationMs: 243,
  phases: [
    phaseOf('unready', [entry('shutdownDelay', 0, 100), entry('HttpDrain.leave', 0, 1)]),
    phaseOf('drain', [entry('HttpDrain', 101, 97), entry('P2.m0', 101, 10)]),
    phaseOf('flush', [entry('P1.m1', 199, 10), entry('P1.m2', 210, 10)]),
    phaseOf('close', [entry('P1.m0', 221, 10), entry('P0.m0', 232, 10)]),
  ],
};

/** What a process is forged of, to be changed in one place. */
interface Parts {
  readonly scenario: Scenario;
  readonly lines: readonly Line[];
  readonly report: ReportSketch;
  readonly seen: Partial<Observation>;
}

/** What is observed of a process that did all things right, or of one that a forger has been at. */
export function forged(forge: (parts: Parts) => Partial<Parts> = () => ({})): Observation {
  const sound: Parts = { scenario: SCENARIO, lines: LINES, report: REPORT, seen: {} };
  const { scenario, lines, report, seen } = { ...sound, ...forge(sound) };
  const written: readonly Line[] = [...lines, [445, { what: 'report', report }]];
  return {
    scenario,
    entries: written.map(([ms, noted]): Entry => ({ ...noted, at: UP + ms })).toSorted((a, b) => a.at - b.at),
    code: 0,
    signal: null,
    overdue: false,
    stdout: `Shut down in 243 ms: ${report.outcome}.`,
    stderr: '',
    sent: [{ trigger: 0, at: UP + 200 }],
    exitedAt: UP + 460,
    stored: report,
    clients: [{ id: 0, kind: 'request', answers: 1, looksComplete: false }],
    ...seen,
  };
}

/** The lines with those of a task moved in time. */
function moved(lines: readonly Line[], name: string, byMs: number): readonly Line[] {
  return lines.map(([ms, noted]) =>
    'task' in noted && noted.task === name ? [ms + byMs, noted] : [ms, noted],
  );
}

/** The report with a task changed, or left out. */
function changed(report: ReportSketch, name: string, change: Partial<TaskSketch> | 'gone'): ReportSketch {
  return {
    ...report,
    phases: report.phases.map((each) => ({
      ...each,
      tasks: each.tasks.flatMap((own) =>
        own.name !== name ? [own] : change === 'gone' ? [] : [{ ...own, ...change }],
      ),
    })),
  };
}

function withOptions(scenario: Scenario, options: Partial<Scenario['options']>): Scenario {
  return { ...scenario, options: { ...scenario.options, ...options } };
}

/** For each rule what breaks it, with what is to be said of it. */
export const FORGERIES: Readonly<Record<RuleName, readonly [(parts: Parts) => Partial<Parts>, RegExp]>> = {
  'rule 1: one run': [
    ({ lines }) => ({
      lines: [...lines, [300, { what: 'run', step: 'started', reason: 'SIGTERM', deadline: UP + 4_201 }]],
    }),
    /started 2 times/,
  ],
  'rule 1: nobody awaits itself': [
    ({ scenario, lines }) => ({
      scenario: {
        ...scenario,
        providers: scenario.providers.with(
          2,
          provider(2, [{ ...taskOf('P2.m0', 'drain'), behaviour: { kind: 'close', awaited: true } }]),
        ),
      },
      lines: lines.map(([ms, noted]) =>
        noted.what === 'task' && noted.task === 'P2.m0' && noted.step === 'end'
          ? [ms, { what: 'task', task: 'P2.m0', step: 'abort' }]
          : [ms, noted],
      ),
    }),
    /P2\.m0 awaits close\(\)/,
  ],
  'rule 2: called once': [
    ({ lines }) => ({ lines: [...lines, ...ran('P0.m0', 'close', [434, 440])] }),
    /P0\.m0 was called 2 times/,
  ],
  'rule 3: phases in order': [
    ({ lines }) => ({ lines: moved(lines, 'P1.m1', -95) }),
    /P1\.m1 of 'flush' started before P2\.m0/,
  ],
  'rule 3: phases skipped': [
    ({ scenario }) => ({
      scenario: withOptions(scenario, {
        phases: (scenario.options.phases ?? []).map((each) => ({ ...each, enabled: each.name !== 'flush' })),
      }),
    }),
    /P1\.m1 started in the disabled phase 'flush'/,
  ],
  'rule 4: sequence': [
    ({ lines }) => ({ lines: moved(lines, 'P1.m2', -6) }),
    /overlap, and the first is sequential/,
  ],
  'rule 4: dependency': [
    ({ lines }) => ({ lines: moved(lines, 'P0.m0', -6) }),
    /P0\.m0 ran before P1\.m0 had ended/,
  ],
  'rule 5: timeouts': [
    ({ lines }) => ({
      lines: lines.map(([ms, noted]) =>
        noted.what === 'task' && noted.step === 'start'
          ? [ms, { ...noted, deadline: noted.deadline + 500 }]
          : [ms, noted],
      ),
    }),
    /had 1500 ms instead of 1000/,
  ],
  'rule 5: run in time': [
    ({ scenario }) => ({ scenario: withOptions(scenario, { gracePeriod: 4_000 }) }),
    /more time than the grace period/,
  ],
  'rule 5: skipped for time': [
    ({ report }) => ({
      report: changed(report, 'P1.m2', { outcome: 'skipped', skippedBecause: 'phase-timeout' }),
    }),
    /P1\.m2 was skipped for the timeout of 'flush'/,
  ],
  'rule 6: outcomes': [
    ({ report }) => ({ report: changed(report, 'P0.m0', { outcome: 'failed' }) }),
    /P0\.m0 is reported as failed/,
  ],
  'rule 6: nobody dropped': [
    ({ lines, report }) => ({
      lines: lines.filter(([, noted]) => !('task' in noted) || noted.task !== 'P0.m0'),
      report: changed(report, 'P0.m0', 'gone'),
    }),
    /P0\.m0 was dropped in silence/,
  ],
  'rule 7: registered late': [
    ({ lines }) => ({
      lines: [
        ...lines,
        [405, { what: 'registered', task: 'P1.m1+', phase: 'drain', by: { task: 'P1.m1', phase: 'flush' } }],
      ],
    }),
    /registered when 'drain' had ended, and did not run/,
  ],
  'rule 8: starts': [
    ({ lines }) => ({ lines: [...lines, [1, { what: 'broken', text: 'no such phase' }]] }),
    /no such phase/,
  ],
  'rule 10: phases before hooks': [
    ({ lines }) => ({
      lines: [...lines, [430, { what: 'hook', hook: 'P1.onModuleDestroy', step: 'start' }]],
    }),
    /P1\.onModuleDestroy ran before the phases had ended/,
  ],
  'rule 10: requests answered': [
    () => ({
      seen: { clients: [{ id: 0, kind: 'request', answers: 0, looksComplete: false, error: 'ECONNRESET' }] },
    }),
    /1 requests accepted and 0 answered: ECONNRESET/,
  ],
  'rule 10: work before close': [
    ({ lines }) => ({
      lines: lines.map(([ms, noted]) => [noted.what === 'work' && ms > 300 ? 430 : ms, noted]),
    }),
    /the work for client 0 went on when P1\.m1 began/,
  ],
  'rule 12: nothing kept alive': [
    () => ({ seen: { stderr: 'the process is kept alive by 1 timer' } }),
    /kept alive, and nothing leaks/,
  ],
  'rule 13: delay': [
    ({ report }) => ({ report: changed(report, 'shutdownDelay', { durationMs: 2 }) }),
    /waited 2 ms of the shutdownDelay/,
  ],
  'rule 14: phase list': [
    ({ report }) => ({ report: { ...report, phases: report.phases.slice(1) } }),
    /no phase 'unready'/,
  ],
  'out in time': [() => ({ seen: { exitedAt: UP + 20_000 } }), /not out in its grace period/],
  'exit code': [() => ({ seen: { code: 1 } }), /exited with 1 after a clean shutdown/],
  escalation: [
    ({ scenario }) => ({
      scenario: { ...scenario, triggers: [...scenario.triggers, ...scenario.triggers] },
      seen: {
        sent: [
          { trigger: 0, at: UP - 2_500 },
          { trigger: 1, at: UP - 700 },
        ],
      },
    }),
    /a second signal did not end the process/,
  ],
  log: [
    () => ({ seen: { stdout: 'Shut down in 243 ms: failed.' } }),
    /the log says failed, the report completed/,
  ],
  'report is sound': [
    ({ report }) => ({ report: changed(report, 'P0.m0', { durationMs: -33 }) }),
    /'P0\.m0' has a negative time/,
  ],
  'report is stored': [
    ({ report }) => ({ seen: { stored: { ...report, outcome: 'failed' } } }),
    /differs from that of the process/,
  ],
  'no noise': [
    () => ({ seen: { stderr: 'RangeError: Maximum call stack size exceeded' } }),
    /Maximum call stack/,
  ],
};
