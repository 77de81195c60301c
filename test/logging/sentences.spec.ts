import { noticeSentence, sentenceOf, type Sentence } from '../../lib/logging/sentences.js';
import { reasonText } from '../../lib/plan/reason-text.js';
import type { Notice } from '../../lib/logging/notice.js';
import { buildPlan } from '../../lib/plan/build-plan.js';
import type { ShutdownReason } from '../../lib/plan/reason.js';
import type { ShutdownReport } from '../../lib/report/shutdown-report.js';
import type { ShutdownEvent } from '../../lib/run/events.js';

const failure = new Error('pool is gone', { cause: new TypeError('no socket') });
const plain = new Error('pool is gone');
const at = 1_000;
const id = 0;
const [phase, task] = ['drain', 'Pool.end'];

describe('an event of the run', () => {
  test.each<[string, ShutdownEvent, Sentence]>([
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
      { level: 'warn', text: "'Pool.end' completed 0 ms after its time was over." },
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
        text: "'Pool.end' in the phase 'drain' failed: pool is gone",
        stack: String(plain.stack),
      },
    ],
    [
      'a task fails because of something',
      { type: 'task-finished', at, id, phase, task, outcome: 'failed', abandoned: false, error: failure },
      {
        level: 'error',
        text: "'Pool.end' in the phase 'drain' failed: pool is gone (cause: TypeError: no socket)",
        stack: String(failure.stack),
      },
    ],
    [
      'a task completes after its time',
      { type: 'task-settled-late', at, id, phase, task, lateMs: 1_200, outcome: 'completed' },
      { level: 'warn', text: "'Pool.end' completed 1 200 ms after its time was over." },
    ],
    [
      'a task fails after its time',
      { type: 'task-settled-late', at, id, phase, task, lateMs: 15, outcome: 'failed', error: plain },
      { level: 'warn', text: "'Pool.end' failed 15 ms after its time was over: pool is gone" },
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
        text: "The phase 'drain' was skipped with 1 task: a phase before it did not complete, and says onFailure: 'abort'.",
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
  ])('%s', (_, event, sentence) => {
    expect(sentenceOf(event)).toEqual(sentence);
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
    expect(sentenceOf(event)).toBeUndefined();
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

describe('a notice', () => {
  test.each<[string, Notice, Sentence]>([
    [
      'the plan is made',
      { kind: 'planned', plan },
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
      'rule 9: the plan does not fit',
      { kind: 'does-not-fit', plan, gracePeriod: 20_500, reserve: 1_000 },
      {
        level: 'warn',
        text: "The shutdown plan may take longer than the grace period: drain 15 000 + close 5 000 = 20 000 ms, and 1 000 ms for the end of the process, of 20 500 ms. Shorten a phase, or raise gracePeriod together with what the platform grants. Silence this with doctor: { ignore: ['does-not-fit'] }.",
      },
    ],
    [
      'the order is doubted',
      {
        kind: 'order-doubted',
        doubt: {
          task: { name: 'Users.close', run: () => undefined },
          injected: { name: 'Pool.end', run: () => undefined },
        },
      },
      {
        level: 'warn',
        text: "'Users.close' runs when 'Pool.end' has already ended, though its provider injects that one's. Move one of them to another phase; if the order is meant, say so with after: ['Pool.end'] on 'Users.close'.",
      },
    ],
    [
      'rule 10: the phases run late',
      { kind: 'runs-late' },
      {
        level: 'warn',
        text: 'The phases run late: the onModuleDestroy hooks of other providers have run already. Call enableGracefulShutdown(app) after the application is created.',
      },
    ],
    [
      'the plan is refused in a run',
      { kind: 'plan-refused', error: plain },
      {
        level: 'error',
        text: 'The handlers could not be planned and do not run. pool is gone',
        stack: String(plain.stack),
      },
    ],
    [
      'a listener fails',
      { kind: 'listener-failed', error: plain },
      {
        level: 'error',
        text: "A listener of the shutdown's events threw; the shutdown goes on: pool is gone",
        stack: String(plain.stack),
      },
    ],
    [
      'a listener throws what is no Error',
      { kind: 'listener-failed', error: 'no' },
      { level: 'error', text: "A listener of the shutdown's events threw; the shutdown goes on: no" },
    ],
    [
      'Nest has changed',
      { kind: 'seam-missing', members: ['close', 'callDestroyHook'] },
      {
        level: 'warn',
        text: 'This version of Nest has no close, callDestroyHook, so some ways to close the application may run the phases late.',
      },
    ],
    [
      'the application works against the drain',
      { kind: 'drain-opposed', options: ['forceCloseConnections', 'return503OnClosing'] },
      {
        level: 'warn',
        text: "The application was created with forceCloseConnections and return503OnClosing, which works against the drain: forceCloseConnections cuts what the drain lets finish, return503OnClosing refuses what it still serves. The drain now comes first, so they have nothing left to do: leave them out. Late requests are refused with http: { late: 'reject' }. Silence this with doctor: { ignore: ['drain-opposed'] }.",
      },
    ],
    [
      'the process is the first of its container',
      { kind: 'pid-1' },
      {
        level: 'warn',
        text: "This is process 1 of its container: child processes that outlive their parents are never reaped, and a signal that nobody listens to is ignored instead of ending it. Start it below an init, such as tini or `docker run --init`. Silence this with doctor: { ignore: ['pid-1'] }.",
      },
    ],
    [
      'a shell stands in front',
      { kind: 'signals-kept', command: 'npm start' },
      {
        level: 'warn',
        text: 'Process 1 of the container is `npm start`, which does not hand signals on: the platform\'s SIGTERM may never arrive here. Start node itself, in the exec form: CMD ["node", "dist/main.js"]. Silence this with doctor: { ignore: [\'signals-kept\'] }.',
      },
    ],
    [
      'others listen to signals',
      { kind: 'other-listeners', signals: ['SIGTERM', 'SIGINT'] },
      {
        level: 'warn',
        text: "Something else listens to SIGTERM and SIGINT as well, and may end the process while the phases run. Let it take part with @OnShutdown() instead, and leave the signals to enableGracefulShutdown(app). Silence this with doctor: { ignore: ['other-listeners'] }.",
      },
    ],
    [
      "Nest's own signals are asked for as well",
      { kind: 'hooks-beside' },
      {
        level: 'warn',
        text: "app.enableShutdownHooks() is called beside enableGracefulShutdown(app), which takes its place: leave it out. The signals that start the shutdown are the option `signals`. Silence this with doctor: { ignore: ['hooks-beside'] }.",
      },
    ],
    [
      'a consumer acknowledges before the work',
      { kind: 'no-ack', consumer: 'RabbitMQ orders' },
      {
        level: 'warn',
        text: "RabbitMQ orders consumes with noAck: true, so RabbitMQ forgets each message as it is delivered: one that a deadline or a crash cuts off is lost. Use noAck: false, and acknowledge at the end of the handler. Silence this with doctor: { ignore: ['no-ack'] }.",
      },
    ],
    [
      'a provider is destroyed before its time',
      { kind: 'destroyed-early', provider: 'Database', handler: 'Outbox.flush' },
      {
        level: 'warn',
        text: "Database has an onModuleDestroy, which runs before the phases with runAt: 'before-application-shutdown', and Outbox.flush still needs it. Close it with @OnShutdown(), or leave runAt at its default. Silence this with doctor: { ignore: ['destroyed-early'] }.",
      },
    ],
    [
      'a feature cannot drain something',
      { kind: 'not-drained', what: 'The transport Pigeons', why: 'it has no pause()' },
      { level: 'warn', text: 'The transport Pigeons is not drained: it has no pause().' },
    ],
    [
      'there are two copies',
      { kind: 'second-copy' },
      {
        level: 'warn',
        text: 'Two copies of nestjs-phased-shutdown are loaded in this process. Let `npm ls nestjs-phased-shutdown` find them, and keep one.',
      },
    ],
    [
      'the start is awaited',
      { kind: 'boot-awaited', reason: { kind: 'signal', signal: 'SIGINT' } },
      {
        level: 'log',
        text: 'Asked to shut down while still starting (SIGINT): waiting for the start to end.',
      },
    ],
    [
      'the start takes too long',
      { kind: 'boot-given-up', waitedMs: 5_000 },
      { level: 'warn', text: 'The start did not end within 5 000 ms; shutting down what has started.' },
    ],
    [
      'Nest fails to close',
      { kind: 'teardown-failed', error: plain },
      {
        level: 'error',
        text: 'Nest could not close the application: pool is gone',
        stack: String(plain.stack),
      },
    ],
    [
      'the run is over, and completed',
      { kind: 'reported', report },
      { level: 'log', text: 'Shut down in 1 234 ms: completed.' },
    ],
    [
      'the run is over, and did not complete',
      { kind: 'reported', report: { ...report, outcome: 'timed-out' } },
      { level: 'warn', text: 'Shut down in 1 234 ms: timed-out.' },
    ],
    [
      'a signal comes again',
      { kind: 'escalated', signal: 'SIGINT', afterMs: 2_340, abandoned: ['Pool.end', 'Outbox.flush'] },
      { level: 'error', text: 'SIGINT again after 2.3 s: ending now. Abandoned: Pool.end, Outbox.flush.' },
    ],
    [
      'a signal comes again while nothing runs',
      { kind: 'escalated', signal: 'SIGTERM', afterMs: 2_000, abandoned: [] },
      {
        level: 'error',
        text: 'SIGTERM again after 2.0 s: ending now. No task was running: what did not end was a hook of Nest, or the closing of a server.',
      },
    ],
    [
      'the deadline passes',
      { kind: 'deadline-passed', afterMs: 29_500, abandoned: ['Pool.end'] },
      {
        level: 'error',
        text: 'The grace period is nearly over after 29.5 s: ending now. Abandoned: Pool.end.',
      },
    ],
    [
      'the deadline passes while Nest closes a server',
      { kind: 'deadline-passed', afterMs: 29_500, abandoned: [], leftovers: ['tcp a:1 -> b:2', 'pipe'] },
      {
        level: 'error',
        text: 'The grace period is nearly over after 29.5 s: ending now. No task was running: what did not end was a hook of Nest, or the closing of a server. Still open: tcp a:1 -> b:2; pipe.',
      },
    ],
    [
      'an exception is not caught',
      { kind: 'fatal-error', error: plain, origin: 'uncaughtException', second: false },
      { level: 'error', text: 'Uncaught exception: pool is gone', stack: String(plain.stack) },
    ],
    [
      'a second rejection is not handled',
      { kind: 'fatal-error', error: 'no', origin: 'unhandledRejection', second: true },
      { level: 'error', text: 'Unhandled rejection while shutting down after another one: ending now: no' },
    ],
    [
      'the process is kept alive',
      { kind: 'kept-alive', afterMs: 1_000, leftovers: ['tcp listening on 0.0.0.0:3000', '1 × Timeout'] },
      {
        level: 'error',
        text: 'The shutdown ended 1.0 s ago, but the process is kept alive by tcp listening on 0.0.0.0:3000; 1 × Timeout: ending it now.',
      },
    ],
    [
      'somebody calls process.exit()',
      { kind: 'cut-short', code: 0, caller: 'end (/app/sdk.js:3:1)', abandoned: ['Pool.end'] },
      {
        level: 'error',
        text: 'The process exits with code 0 before it has shut down, called at end (/app/sdk.js:3:1). Abandoned: Pool.end.',
      },
    ],
    [
      'the process exits by itself',
      { kind: 'cut-short', code: 1, caller: undefined, abandoned: [] },
      {
        level: 'error',
        text: 'The process exits with code 1 before it has shut down. No task was running: what did not end was a hook of Nest, or the closing of a server.',
      },
    ],
    [
      'the process is kept alive by something unknown',
      { kind: 'kept-alive', afterMs: 1_000, leftovers: [] },
      {
        level: 'error',
        text: 'The shutdown ended 1.0 s ago, but the process is kept alive by something that Node does not name: ending it now.',
      },
    ],
  ])('%s', (_, notice, sentence) => {
    expect(noticeSentence(notice)).toEqual(sentence);
  });

  test('of a report has the timeline below its first line', () => {
    const { text } = noticeSentence({
      kind: 'reported',
      report: {
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
      },
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

describe('a thrown value that cannot be turned into text', () => {
  test.each<[string, unknown]>([
    ['an object without prototype', Object.create(null)],
    ['an error whose cause is one', new Error('pool is gone', { cause: Object.create(null) })],
    [
      'an object whose toString throws',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
  ])('%s is said all the same', (_, error) => {
    expect(noticeSentence({ kind: 'listener-failed', error }).text).toMatch(
      /^A listener of the shutdown's events threw; the shutdown goes on: .+/,
    );
  });
});
