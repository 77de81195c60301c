import type { Entry, Noted, ReportSketch, TaskSketch } from './journal.js';
import type { Observation } from './observe.js';
import type { ProviderSpec, Scenario, TaskSpec } from './scenario.js';

/** When the forged process is up; every time below is in milliseconds from then. */
export const UP = 1_700_000_000_000;

export function taskOf(name: string, phase: string, rest: Partial<TaskSpec> = {}): TaskSpec {
  return { name, phase, behaviour: { kind: 'resolve', ms: 10 }, ...rest };
}

export function provider(
  id: number,
  handlers: readonly TaskSpec[],
  injects: readonly number[] = [],
): ProviderSpec {
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
    gracePeriod: 5_200,
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

export type Line = readonly [number, Noted];

export function ran(name: string, phase: string, [from, to]: readonly [number, number]): readonly Line[] {
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

export function entry(name: string, startMs: number, durationMs: number): TaskSketch {
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
export interface Parts {
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
export function moved(lines: readonly Line[], name: string, byMs: number): readonly Line[] {
  return lines.map(([ms, noted]) =>
    'task' in noted && noted.task === name ? [ms + byMs, noted] : [ms, noted],
  );
}

/** The report with a task changed, or left out. */
export function changed(
  report: ReportSketch,
  name: string,
  change: Partial<TaskSketch> | 'gone',
): ReportSketch {
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

export function withOptions(scenario: Scenario, options: Partial<Scenario['options']>): Scenario {
  return { ...scenario, options: { ...scenario.options, ...options } };
}

/** The report with a phase changed. */
export function changedPhase(
  report: ReportSketch,
  name: string,
  change: Partial<ReportSketch['phases'][number]>,
): ReportSketch {
  return {
    ...report,
    phases: report.phases.map((each) => (each.name === name ? { ...each, ...change } : each)),
  };
}

/** The lines with a task that failed instead of completing. */
export function failed(lines: readonly Line[], name: string): readonly Line[] {
  return lines.map(([ms, noted]) =>
    noted.what === 'task' && noted.task === name && noted.step === 'end'
      ? [ms, { ...noted, step: 'fail' }]
      : [ms, noted],
  );
}

export function isNotEndOf(name: string): (line: Line) => boolean {
  return ([, noted]) => noted.what !== 'task' || noted.task !== name || noted.step === 'start';
}

/** A handler of `flush` registers a task in `drain`, which has ended. */
export function straggler(ms: number): Line {
  return [ms, { what: 'registered', task: 'T', phase: 'drain', by: { task: 'P1.m1', phase: 'flush' } }];
}

/** The scenario with another first task of the phase `flush`. */
export function withFirstFlush(scenario: Scenario, rest: Partial<TaskSpec>): Scenario {
  const handlers = [
    taskOf('P1.m0', 'close'),
    taskOf('P1.m1', 'flush', rest),
    taskOf('P1.m2', 'flush', { order: 2 }),
  ];
  return { ...scenario, providers: scenario.providers.with(1, provider(1, handlers, [0])) };
}
