import type { RuleName } from './check.js';
import {
  changed,
  changedPhase,
  entry,
  failed,
  isNotEndOf,
  moved,
  provider,
  ran,
  straggler,
  taskOf,
  UP,
  withFirstFlush,
  withOptions,
  type Line,
  type Parts,
} from './forged.js';

/** Something done to an observation, and what is to be said of it. */
export type Forgery = readonly [(parts: Parts) => Partial<Parts>, RegExp];

/** For each rule what breaks it. */
export const FORGERIES: Readonly<Record<RuleName, readonly [Forgery, ...Forgery[]]>> = {
  'rule 1: one run': [
    [
      ({ lines }) => ({
        lines: [...lines, [300, { what: 'run', step: 'started', reason: 'SIGTERM', deadline: UP + 4_201 }]],
      }),
      /started 2 times/,
    ],
    [
      ({ report }) => ({ report: { ...report, reason: 'close' } }),
      /began for SIGTERM, and its report says close/,
    ],
    [
      ({ lines }) => ({
        lines: [
          ...lines,
          ...[1, 2].map((startedAt): Line => [
            448,
            { what: 'answered', reason: 'SIGTERM', startedAt, outcome: 'completed' },
          ]),
        ],
      }),
      /got different reports/,
    ],
    [() => ({ seen: { sent: [] } }), /which nobody had asked for/],
    [
      ({ scenario, lines }) => ({
        scenario: { ...scenario, triggers: [...scenario.triggers, { since: 'up', ms: 50, what: 'run' }] },
        lines: [...lines, [50, { what: 'asked', trigger: 1 }]],
      }),
      /though request had asked 150 ms before/,
    ],
  ],
  'rule 1: nobody awaits itself': [
    [
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
  ],
  'rule 2: called once': [
    [
      ({ lines }) => ({ lines: [...lines, ...ran('P0.m0', 'close', [434, 440])] }),
      /P0\.m0 was called 2 times/,
    ],
    [
      ({ lines }) => ({ lines: [...lines, [50, { what: 'withdrawn', task: 'P0.m0', done: true }]] }),
      /although it was unregistered/,
    ],
  ],
  'rule 3: phases in order': [
    [({ lines }) => ({ lines: moved(lines, 'P1.m1', -95) }), /P1\.m1 of 'flush' started before P2\.m0/],
    [({ lines }) => ({ lines: moved(lines, 'P2.m0', 110) }), /P1\.m1 of 'flush' started before P2\.m0/],
  ],
  'rule 3: phases skipped': [
    [
      ({ scenario }) => ({
        scenario: withOptions(scenario, {
          phases: (scenario.options.phases ?? []).map((each) => ({
            ...each,
            enabled: each.name !== 'flush',
          })),
        }),
      }),
      /P1\.m1 started in the disabled phase 'flush'/,
    ],
    [
      ({ scenario, lines, report }) => ({
        scenario: withOptions(scenario, {
          phases: (scenario.options.phases ?? []).map((each) => ({ ...each, onFailure: 'abort' as const })),
        }),
        lines: failed(lines, 'P2.m0'),
        report: { ...changed(report, 'P2.m0', { outcome: 'failed' }), outcome: 'failed' },
      }),
      /although P2\.m0 aborted what comes after 'drain'/,
    ],
    [
      ({ report }) => ({
        report: changedPhase(report, 'flush', { outcome: 'skipped', skippedBecause: 'aborted' }),
      }),
      /'flush' was skipped for an abort that was none/,
    ],
    [
      ({ report }) => ({
        report: changedPhase(report, 'flush', { outcome: 'skipped', skippedBecause: 'disabled' }),
      }),
      /'flush' was skipped as disabled/,
    ],
    [
      ({ report }) => ({ report: changedPhase(report, 'flush', { name: 'rinse' }) }),
      /a phase 'rinse', which is not in the plan/,
    ],
  ],
  'rule 4: sequence': [
    [({ lines }) => ({ lines: moved(lines, 'P1.m2', -6) }), /overlap, and the first is sequential/],
    [
      ({ scenario }) => ({ scenario: withFirstFlush(scenario, { after: ['P1.m2'] }) }),
      /P1\.m1 comes after P1\.m2, and did not wait/,
    ],
    [({ scenario }) => ({ scenario: withFirstFlush(scenario, { order: 3 }) }), /ran against their order/],
  ],
  'rule 4: dependency': [
    [({ lines }) => ({ lines: moved(lines, 'P0.m0', -6) }), /P0\.m0 ran before P1\.m0 had ended/],
  ],
  'rule 5: timeouts': [
    [
      ({ lines }) => ({
        lines: lines.map(([ms, noted]) =>
          noted.what === 'run' && noted.step === 'started'
            ? [ms, { ...noted, deadline: UP + 1_000 }]
            : [ms, noted],
        ),
      }),
      /P0\.m0 had time beyond the end of the run/,
    ],
    [
      ({ lines }) => ({
        lines: lines.map(([ms, noted]) =>
          noted.what === 'task' && noted.step === 'start'
            ? [ms, { ...noted, deadline: noted.deadline + 500 }]
            : [ms, noted],
        ),
      }),
      /had 1500 ms instead of 1000/,
    ],
    [
      ({ lines }) => ({ lines: [...lines, [435, { what: 'task', task: 'P0.m0', step: 'abort' }]] }),
      /the signal of P0\.m0 aborted 998 ms too early/,
    ],
    [
      ({ lines }) => ({
        lines: lines
          .filter(isNotEndOf('P0.m0'))
          .map(([ms, noted]) => [noted.what === 'exit' ? 9_000 : ms, noted]),
      }),
      /P0\.m0 was not ended at its timeout/,
    ],
  ],
  'rule 5: run in time': [
    [
      ({ scenario }) => ({ scenario: withOptions(scenario, { gracePeriod: 4_000 }) }),
      /more time than the grace period/,
    ],
    [
      ({ lines }) => ({ lines: lines.map(([ms, noted]) => [ms > 443 ? ms + 9_000 : ms, noted]) }),
      /the run went on beyond its deadline/,
    ],
  ],
  'rule 5: skipped for time': [
    [
      ({ report }) => ({
        report: changed(report, 'P1.m2', { outcome: 'skipped', skippedBecause: 'phase-timeout' }),
      }),
      /P1\.m2 was skipped for the timeout of 'flush'/,
    ],
    [
      ({ report }) => ({
        report: changedPhase(report, 'flush', { outcome: 'skipped', skippedBecause: 'deadline' }),
      }),
      /'flush' was skipped with time left/,
    ],
  ],
  'rule 6: outcomes': [
    [
      ({ report }) => ({ report: changed(report, 'P0.m0', { outcome: 'failed' }) }),
      /P0\.m0 is reported as failed/,
    ],
    [({ report }) => ({ report: changed(report, 'P0.m0', 'gone') }), /P0\.m0 ran, and is not in the report/],
    [
      ({ report }) => ({ report: changed(report, 'P0.m0', { outcome: 'skipped' }) }),
      /P0\.m0 is reported as skipped, and started/,
    ],
    [
      ({ scenario }) => ({
        scenario: {
          ...scenario,
          providers: scenario.providers.with(2, provider(2, [taskOf('P2.m0', 'flush')])),
        },
      }),
      /P2\.m0 is reported in 'drain' instead of 'flush'/,
    ],
  ],
  'rule 6: nobody dropped': [
    [
      ({ lines, report }) => ({
        lines: lines.filter(([, noted]) => !('task' in noted) || noted.task !== 'P0.m0'),
        report: changed(report, 'P0.m0', 'gone'),
      }),
      /P0\.m0 was dropped in silence/,
    ],
  ],
  'rule 7: registered late': [
    [
      ({ lines }) => ({
        lines: [
          ...lines,
          [
            405,
            { what: 'registered', task: 'P1.m1+', phase: 'drain', by: { task: 'P1.m1', phase: 'flush' } },
          ],
        ],
      }),
      /registered when 'drain' had ended, and did not run/,
    ],
    [
      ({ lines }) => ({
        lines: [...lines, [405, { what: 'registered', task: 'T', phase: 'close', refused: 'no such phase' }]],
      }),
      /T was refused: no such phase/,
    ],
    [
      ({ lines }) => ({
        lines: [
          ...lines,
          straggler(405),
          [406, { what: 'returned', task: 'T' }],
          ...ran('T', 'drain', [425, 426]),
        ],
      }),
      /did not run at once/,
    ],
    [
      ({ lines }) => ({ lines: [...lines, straggler(405), ...ran('T', 'drain', [406, 449])] }),
      /the run did not wait for T/,
    ],
  ],
  'rule 8: starts': [
    [({ lines }) => ({ lines: [...lines, [1, { what: 'broken', text: 'no such phase' }]] }), /no such phase/],
  ],
  'rule 10: phases before hooks': [
    [
      ({ lines }) => ({
        lines: [...lines, [430, { what: 'hook', hook: 'P1.onModuleDestroy', step: 'start' }]],
      }),
      /P1\.onModuleDestroy ran before the phases had ended/,
    ],
    [
      ({ lines }) => ({
        lines: lines.filter(([, noted]) => noted.what !== 'run' || noted.step !== 'finished'),
      }),
      /no run had ended/,
    ],
  ],
  'rule 10: requests answered': [
    [
      () => ({
        seen: {
          clients: [{ id: 0, kind: 'request', answers: 0, looksComplete: false, error: 'ECONNRESET' }],
        },
      }),
      /1 requests accepted and 0 answered: ECONNRESET/,
    ],
    [
      () => ({ seen: { clients: [{ id: 0, kind: 'stream', answers: 0, looksComplete: true }] } }),
      /was cut, and looks complete/,
    ],
  ],
  'rule 10: work before close': [
    [
      ({ lines }) => ({
        lines: lines.map(([ms, noted]) => [noted.what === 'work' && ms > 300 ? 430 : ms, noted]),
      }),
      /the work for client 0 went on when P1\.m1 began/,
    ],
  ],
  'rule 12: nothing kept alive': [
    [() => ({ seen: { stderr: 'the process is kept alive by 1 timer' } }), /kept alive, and nothing leaks/],
  ],
  'rule 13: delay': [
    [
      ({ report }) => ({ report: changed(report, 'shutdownDelay', { durationMs: 2 }) }),
      /waited 2 ms of the shutdownDelay/,
    ],
    [
      ({ lines, report }) => ({
        report: { ...report, reason: 'close' },
        lines,
      }),
      /close waited 100 ms for the shutdownDelay/,
    ],
  ],
  'rule 14: phase list': [
    [({ report }) => ({ report: { ...report, phases: report.phases.slice(1) } }), /no phase 'unready'/],
    [
      ({ report }) => ({
        report: changedPhase(changed(report, 'HttpDrain', 'gone'), 'close', {
          tasks: [entry('HttpDrain', 221, 1)],
        }),
      }),
      /HttpDrain is in 'close' instead of 'drain'/,
    ],
    [({ report }) => ({ report: changed(report, 'HttpDrain', 'gone') }), /HttpDrain is in no phase/],
  ],
  'out in time': [
    [() => ({ seen: { exitedAt: UP + 20_000 } }), /not out in its grace period/],
    [() => ({ seen: { overdue: true } }), /had to be killed/],
    [
      ({ lines }) => ({ lines: lines.map(([ms, noted]) => [noted.what === 'exit' ? 9_000 : ms, noted]) }),
      /exited 3799 ms after its grace period/,
    ],
  ],
  'exit code': [
    [
      ({ lines }) => ({
        lines: lines.filter(([, noted]) => noted.what !== 'run' || noted.step !== 'finished'),
      }),
      /exited with 0, and no run has ended/,
    ],
    [() => ({ seen: { code: 1 } }), /exited with 1 after a clean shutdown/],
    [
      ({ report }) => ({ report: { ...report, outcome: 'failed' } }),
      /exited with 0 after the outcome failed/,
    ],
    [({ lines }) => ({ lines: lines.filter(([, { what }]) => what !== 'exit') }), /without the event 'exit'/],
    [() => ({ seen: { code: null, signal: 'SIGTERM' } }), /SIGTERM, as if nobody listened/],
    [() => ({ seen: { code: null, signal: 'SIGHUP' } }), /SIGHUP, which nobody sent/],
    [() => ({ seen: { code: 143 } }), /exited with 143 without a second signal/],
    [() => ({ seen: { code: 7 } }), /exited with 7/],
    [() => ({ seen: { stderr: 'SIGTERM again after 1.2 s: ending now.' } }), /after an escalation/],
    [
      () => ({ seen: { stderr: 'The grace period is almost over after 4.5 s: ending now.' } }),
      /by force, instead of with 1/,
    ],
    [
      ({ scenario }) => ({ scenario: withOptions(scenario, { exit: 'signal' }) }),
      /instead of raising the signal again/,
    ],
    [
      ({ scenario }) => ({
        scenario: { ...scenario, triggers: [...scenario.triggers, ...scenario.triggers] },
        seen: {
          code: 143,
          sent: [
            { trigger: 0, at: UP + 200 },
            { trigger: 1, at: UP + 300 },
          ],
        },
      }),
      /a repeated signal counted as a second one/,
    ],
  ],
  escalation: [
    [
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
  ],
  log: [
    [
      () => ({ seen: { stdout: 'Shut down in 243 ms: failed.' } }),
      /the log says failed, the report completed/,
    ],
    [() => ({ seen: { stdout: '' } }), /the line 'Shut down in' is lost/],
    [() => ({ seen: { stdout: 'Shut down in 243 ms: completed.\n'.repeat(2) } }), /is there 2 times/],
  ],
  'report is sound': [
    [
      ({ report }) => ({ report: changed(report, 'P0.m0', { durationMs: -33 }) }),
      /'P0\.m0' has a negative time/,
    ],
    [
      ({ report }) => ({ report: changed(report, 'P0.m0', { durationMs: 30 }) }),
      /'P0\.m0' ends after the run/,
    ],
    [
      ({ report }) => ({ report: changedPhase(report, 'flush', { outcome: 'running' }) }),
      /'flush' is running at the end/,
    ],
    [
      ({ report }) => ({ report: changed(report, 'P0.m0', { outcome: 'failed' }) }),
      /'close' is completed, its tasks failed/,
    ],
    [
      ({ report }) => ({ report: { ...report, outcome: 'timed-out' } }),
      /the run is timed-out, its phases completed/,
    ],
  ],
  'report is stored': [
    [
      ({ report }) => ({ seen: { stored: { ...report, outcome: 'failed' } } }),
      /differs from that of the process/,
    ],
    [() => ({ seen: { stored: 'none' } }), /the stored report is missing/],
    [() => ({ seen: { stored: 'unreadable' } }), /the stored report is unreadable/],
    [({ report }) => ({ seen: { stored: { ...report, outcome: 'running' } } }), /says that the run goes on/],
  ],
  'no noise': [
    [() => ({ seen: { stderr: 'RangeError: Maximum call stack size exceeded' } }), /Maximum call stack/],
  ],
  'rule 9: fits': [
    [
      ({ scenario }) => ({ scenario: withOptions(scenario, { gracePeriod: 4_500 }) }),
      /takes 4100 ms and 1 000 of 4500, and no line says so/,
    ],
    [
      () => ({ seen: { stdout: "Shut down in 243 ms: completed. ignore: ['does-not-fit']" } }),
      /fits into its grace period, and a line says that it does not/,
    ],
  ],
};
