import { eventNotice, planNotice, reportNotice } from '../../lib/logging/sentences.js';
import { reasonText } from '../../lib/plan/reason-text.js';
import type { Notice } from '../../lib/notice.js';
import { buildPlan } from '../../lib/plan/build-plan.js';
import type { ShutdownReason } from '../../lib/plan/reason.js';
import type { ShutdownReport } from '../../lib/report/shutdown-report.js';
import type { ShutdownEvent } from '../../lib/run/events.js';
import { logged, type Line } from './logged.js';

const failure = new Error('pool is gone', { cause: new TypeError('no socket') });
const plain = new Error('pool is gone');
const at = 1_000;
const id = 0;
const [phase, task] = ['drain', 'Pool.end'];

describe('an event of the run', () => {
  test.each<[string, ShutdownEvent, Line]>([
    [
      'the run starts',
      { type: 'run-started', at, reason: { kind: 'signal', signal: 'SIGTERM' }, deadline: 9_000, phases: [] },
      { level: 'log', text: 'Shutting down: SIGTERM.' },
    ],
    [
      'somebody joins',
      { type: 'run-joined', at, reason: { kind: 'close' } },
      { level: 'log', text: 'Already shutting down; also asked by: app.close().' },
    ],
    [
      'nothing is awaited by name',
      { type: 'run-progress', at, elapsedMs: 5_000, awaited: [] },
      { level: 'warn', text: 'Still shutting down after 5.0 s.' },
    ],
    [
      'tasks are awaited',
      {
        type: 'run-progress',
        at,
        elapsedMs: 10_049,
        awaited: [
          { phase: 'drain', task: 'Consumer.stop', elapsedMs: 9_000, allowedMs: 15_000 },
          {
            phase: 'drain',
            task: 'InFlightWork',
            elapsedMs: 9_500,
            allowedMs: 15_000,
            inFlight: [
              { name: 'charge card', ageMs: 61_500 },
              { name: 'send mail', ageMs: 900 },
            ],
          },
        ],
      },
      {
        level: 'warn',
        text: "After 10.0 s still waiting for 'Consumer.stop' in 'drain', 9.0 s of 15.0 s; 'InFlightWork' in 'drain', 9.5 s of 15.0 s (charge card 61.5 s, send mail 0.9 s).",
      },
    ],
    [
      'a wait on purpose should have ended',
      {
        type: 'run-progress',
        at,
        elapsedMs: 10_000,
        awaited: [
          { phase: 'unready', task: 'delay', elapsedMs: 10_000, allowedMs: 11_000, expectedMs: 5_000 },
        ],
      },
      {
        level: 'warn',
        text: "After 10.0 s still waiting for 'delay' in 'unready', 10.0 s of 11.0 s.",
      },
    ],
    [
      'something is awaited beside a wait on purpose',
      {
        type: 'run-progress',
        at,
        elapsedMs: 5_000,
        awaited: [
          { phase: 'unready', task: 'delay', elapsedMs: 5_000, allowedMs: 6_000, expectedMs: 5_000 },
          { phase: 'unready', task: 'Mesh.leave', elapsedMs: 5_000, allowedMs: 6_000 },
        ],
      },
      {
        level: 'warn',
        text: "After 5.0 s still waiting for 'Mesh.leave' in 'unready', 5.0 s of 6.0 s.",
      },
    ],
    [
      'a clock went backwards',
      {
        type: 'task-settled-late',
        at,
        id,
        phase,
        task,
        lateMs: -33,
        outcome: 'completed',
      },
      { level: 'warn', text: "'Pool.end' completed 0 ms after its timeout." },
    ],
    [
      'more work is in flight than a line holds',
      {
        type: 'run-progress',
        at,
        elapsedMs: 5_000,
        awaited: [
          {
            phase,
            task,
            elapsedMs: 5_000,
            allowedMs: 6_000,
            inFlight: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, ageMs: 1_000 })),
          },
        ],
      },
      {
        level: 'warn',
        text: "After 5.0 s still waiting for 'Pool.end' in 'drain', 5.0 s of 6.0 s (a 1.0 s, b 1.0 s, c 1.0 s, 2 more).",
      },
    ],
    [
      'a task fails',
      { type: 'task-finished', at, id, phase, task, outcome: 'failed', abandoned: false, error: plain },
      {
        level: 'error',
        text: "'Pool.end' in phase 'drain' failed: pool is gone",
        stack: String(plain.stack),
      },
    ],
    [
      'a task fails because of something',
      { type: 'task-finished', at, id, phase, task, outcome: 'failed', abandoned: false, error: failure },
      {
        level: 'error',
        text: "'Pool.end' in phase 'drain' failed: pool is gone (cause: TypeError: no socket)",
        stack: String(failure.stack),
      },
    ],
    [
      'a task completes after its time',
      { type: 'task-settled-late', at, id, phase, task, lateMs: 1_200, outcome: 'completed' },
      { level: 'warn', text: "'Pool.end' completed 1 200 ms after its timeout." },
    ],
    [
      'a task fails after its time',
      { type: 'task-settled-late', at, id, phase, task, lateMs: 15, outcome: 'failed', error: plain },
      { level: 'warn', text: "'Pool.end' failed 15 ms after its timeout: pool is gone" },
    ],
    [
      'a disabled phase is skipped',
      { type: 'phase-skipped', at, phase, cause: 'disabled', taskCount: 2 },
      { level: 'warn', text: "The phase 'drain' was skipped with 2 tasks: it is disabled." },
    ],
    [
      'an aborted phase is skipped',
      { type: 'phase-skipped', at, phase, cause: 'aborted', taskCount: 1 },
      {
        level: 'warn',
        text: "The phase 'drain' was skipped with 1 task: an earlier phase with onFailure: 'abort' did not complete.",
      },
    ],
    [
      'a phase comes too late',
      { type: 'phase-skipped', at, phase, cause: 'deadline', taskCount: 3 },
      { level: 'warn', text: "The phase 'drain' was skipped with 3 tasks: no time was left." },
    ],
    [
      'a phase is skipped since the time of a phase was over',
      { type: 'phase-skipped', at, phase, cause: 'phase-timeout', taskCount: 3 },
      { level: 'warn', text: "The phase 'drain' was skipped with 3 tasks: no time was left." },
    ],
  ])('%s', (_, event, line) => {
    expect(logged(eventNotice(event))).toEqual(line);
  });

  test.each<[string, ShutdownEvent]>([
    ['the end of the run, which the report tells', { type: 'run-finished', at, outcome: 'completed' }],
    ['the start of a phase', { type: 'phase-started', at, phase, taskCount: 1 }],
    ['the end of a phase', { type: 'phase-finished', at, phase, outcome: 'failed' }],
    ['the start of a task', { type: 'task-started', at, id, phase, task }],
    ['a task that is skipped', { type: 'task-skipped', at, id, phase, task, cause: 'deadline' }],
    [
      'a task that completes',
      { type: 'task-finished', at, id, phase, task, outcome: 'completed', abandoned: false },
    ],
    [
      'a task whose time is over, which the report tells',
      { type: 'task-finished', at, id, phase, task, outcome: 'timed-out', abandoned: true, error: plain },
    ],
    [
      'a phase that is skipped on request',
      { type: 'phase-skipped', at, phase, cause: 'before-from', taskCount: 4 },
    ],
    [
      'a phase without tasks that is skipped',
      { type: 'phase-skipped', at, phase, cause: 'disabled', taskCount: 0 },
    ],
  ])('says nothing of %s', (_, event) => {
    expect(eventNotice(event)).toBeUndefined();
  });
});

const plan = buildPlan(
  [
    { name: 'drain', timeout: 15_000 },
    { name: 'close', timeout: 5_000, mode: 'dependency' },
  ],
  [{ name: 'Pool.end', run: () => undefined }],
);

const report: ShutdownReport = {
  reason: { kind: 'close' },
  joinedReasons: [],
  outcome: 'completed',
  startedAt: at,
  durationMs: 1_234,
  phases: [],
};

describe('the plan and the report', () => {
  test.each<[string, Notice, Line]>([
    [
      'the plan is made',
      planNotice(plan),
      {
        level: 'log',
        text: [
          'The shutdown plan:',
          '  drain  parallel    15 000 ms  -',
          '  close  dependency   5 000 ms  Pool.end',
          '  at most drain 15 000 + close 5 000 = 20 000 ms',
        ].join('\n'),
      },
    ],
    [
      'the run is over, and completed',
      reportNotice(report),
      { level: 'log', text: 'Shut down in 1 234 ms: completed.' },
    ],
    [
      'the run is over, and did not complete',
      reportNotice({ ...report, outcome: 'timed-out' }),
      { level: 'warn', text: 'Shut down in 1 234 ms: timed-out.' },
    ],
  ])('%s', (_, notice, line) => {
    expect(logged(notice)).toEqual(line);
  });

  test('of a report has the timeline below its first line', () => {
    const { text } = reportNotice({
      ...report,
      phases: [
        {
          name: 'close',
          mode: 'dependency',
          outcome: 'completed',
          startMs: 0,
          durationMs: 1_234,
          tasks: [{ name: 'Pool.end', outcome: 'completed', startMs: 0, durationMs: 1_234 }],
        },
      ],
    });
    expect(text.split('\n').map((line) => line.split(/ {2,}/)[0] || line.trim().split(' ')[0])).toEqual([
      'Shut down in 1 234 ms: completed.',
      'close',
      'Pool.end',
    ]);
  });
});

describe('a reason', () => {
  test.each<[ShutdownReason, string]>([
    [{ kind: 'signal', signal: 'SIGHUP' }, 'SIGHUP'],
    [{ kind: 'close' }, 'app.close()'],
    [{ kind: 'close', signal: 'SIGTERM' }, 'app.close(SIGTERM)'],
    [{ kind: 'request', message: 'a deployment' }, 'a deployment'],
    [{ kind: 'message' }, 'the `shutdown` message from the parent process'],
    [{ kind: 'error', error: plain, origin: 'uncaughtException' }, 'an uncaught exception, pool is gone'],
    [{ kind: 'error', error: 'no', origin: 'unhandledRejection' }, 'an unhandled rejection, no'],
    [{ kind: 'dispose' }, 'dispose'],
  ])('%j is said in words', (reason, words) => {
    expect(reasonText(reason)).toBe(words);
  });
});
