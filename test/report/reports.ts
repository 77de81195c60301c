import type {
  PhaseReport,
  ProcessEnd,
  RunningReport,
  ShutdownReport,
  TaskReport,
} from '../../lib/report/shutdown-report.js';
import type { ShutdownReason } from '../../lib/plan/reason.js';
import { ShutdownTimeoutError } from '../../lib/run/errors.js';

export function task(name: string, settings: Partial<TaskReport> = {}): TaskReport {
  return { name, outcome: 'completed', startMs: 0, durationMs: 10, ...settings };
}

export function phase(name: string, settings: Partial<PhaseReport> = {}): PhaseReport {
  return { name, mode: 'parallel', outcome: 'completed', startMs: 0, durationMs: 10, tasks: [], ...settings };
}

export function report(
  phases: readonly PhaseReport[],
  settings: Partial<Omit<ShutdownReport, 'phases'>> = {},
): ShutdownReport {
  return {
    reason: { kind: 'close' },
    joinedReasons: [],
    outcome: 'completed',
    startedAt: 1_700_000_000_000,
    durationMs: Math.max(0, ...phases.map(({ startMs, durationMs }) => startMs + durationMs)),
    phases,
    ...settings,
  };
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5672'), { code: 'ECONNREFUSED' });
const skipped = { outcome: 'skipped', startMs: 6_320, durationMs: 0 } as const;

/** A run in which everything happened that can happen. */
export const troubled: ShutdownReport = report(
  [
    phase('unready', {
      durationMs: 1_004,
      tasks: [task('shutdownDelay', { durationMs: 1_000 }), task('HttpDrain.leave', { durationMs: 0.4 })],
    }),
    phase('drain', {
      outcome: 'timed-out',
      startMs: 1_004,
      durationMs: 5_000,
      tasks: [
        task('Broker.consume', {
          outcome: 'failed',
          startMs: 1_004,
          durationMs: 212,
          error: new Error('The channel could not be closed', { cause: refused }),
        }),
        task('HttpDrain', {
          outcome: 'timed-out',
          abandoned: true,
          startMs: 1_005,
          durationMs: 4_999,
          error: new ShutdownTimeoutError('HttpDrain', 'drain', 5_000),
          inFlight: [
            { name: 'GET /orders/:id', ageMs: 4_812 },
            { name: 'POST /orders', ageMs: 3_300.5 },
          ],
        }),
        task('Mailer.finish', {
          outcome: 'timed-out',
          abandoned: true,
          settledLateMs: 700,
          startMs: 1_005,
          durationMs: 2_000,
          error: new ShutdownTimeoutError('Mailer.finish', 'drain', 2_000),
        }),
        task('InFlightWork', { startMs: 1_005, durationMs: 480 }),
      ],
    }),
    phase('flush', {
      startMs: 6_004,
      durationMs: 316,
      tasks: [
        task('OrdersOutbox.publishRest', { startMs: 6_004, durationMs: 316 }),
        task('Metrics.push', { startMs: 6_004, durationMs: 44 }),
      ],
    }),
    phase('audit', {
      ...skipped,
      mode: 'sequential',
      skippedBecause: 'aborted',
      tasks: [task('Audit.write', { ...skipped, skippedBecause: 'aborted' })],
    }),
    phase('close', {
      mode: 'dependency',
      startMs: 6_320,
      durationMs: 57,
      tasks: [
        task('OrdersRepository.close', { startMs: 6_320, durationMs: 20 }),
        task('Database.end', { startMs: 6_341, durationMs: 36 }),
      ],
    }),
  ],
  {
    reason: { kind: 'signal', signal: 'SIGTERM' },
    joinedReasons: [{ kind: 'request', message: 'POST /admin/stop' }],
    outcome: 'timed-out',
  },
);

/** The report of a process that was killed during the run. */
export const unfinished: RunningReport = {
  ...report([
    phase('unready', { durationMs: 1_004, tasks: [task('shutdownDelay', { durationMs: 1_000 })] }),
    phase('drain', {
      outcome: 'running',
      startMs: 1_004,
      durationMs: 2_400,
      tasks: [
        task('HttpDrain', {
          outcome: 'running',
          startMs: 1_004,
          durationMs: 2_400,
          inFlight: [{ name: 'GET /export', ageMs: 3_100 }],
        }),
      ],
    }),
    phase('close', { outcome: 'waiting', durationMs: 0 }),
  ]),
  reason: { kind: 'signal', signal: 'SIGTERM' },
  durationMs: 3_404,
  outcome: 'running',
};

/** A run with very many tasks, which all completed but a few. */
export function manyTasks(count: number): ShutdownReport {
  const tasks = Array.from({ length: count }, (_, index) =>
    task(`Tenants.close of tenant-${index}`, {
      startMs: index % 90,
      durationMs: 20 + ((index * 37) % 411),
      ...(index % 97 === 13 ? { outcome: 'failed', error: new Error(`tenant ${index} is busy`) } : {}),
    }),
  );
  return report([phase('close', { mode: 'dependency', outcome: 'failed', durationMs: 520, tasks })], {
    outcome: 'failed',
  });
}

export const reasonOfEachKind: readonly ShutdownReason[] = [
  { kind: 'signal', signal: 'SIGINT' },
  { kind: 'close' },
  { kind: 'close', signal: 'SIGTERM' },
  { kind: 'request', message: 'a deployment' },
  { kind: 'message' },
  { kind: 'error', error: new RangeError('out of range'), origin: 'uncaughtException' },
  { kind: 'exit', message: 'the queue is empty' },
  { kind: 'exit', message: 'the queue is empty', code: 3 },
  { kind: 'abort', error: new Error('the job is over') },
  { kind: 'before-exit' },
  { kind: 'disconnect' },
  { kind: 'dispose' },
];

export const endOfEachKind: readonly ProcessEnd[] = [
  { kind: 'deadline', atMs: 6_500 },
  { kind: 'escalation', atMs: 3_000, signal: 'SIGINT' },
  { kind: 'fatal-error', atMs: 2_000, error: new Error('again') },
  { kind: 'kept-alive', atMs: 7_400, leftovers: ['1 × Timeout', 'tcp listening on 127.0.0.1:3000'] },
  { kind: 'exit', atMs: 2_500, code: 1 },
];
