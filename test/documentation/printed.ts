import { jobsHandedBack } from '../../lib/bullmq/jobs-handed-back.js';
import { runsLate } from '../../lib/lifecycle/lifecycle-notices.js';
import { cutShort, deadlinePassed, escalated, keptAlive } from '../../lib/process/process-notices.js';
import { eventNotice, planNotice, reportNotice } from '../../lib/logging/sentences.js';
import type { Notice } from '../../lib/notice.js';
import { buildPlan } from '../../lib/plan/build-plan.js';
import { DEFAULT_PHASES, type PhaseOptions } from '../../lib/plan/phase.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import type { PhaseReport, ShutdownReport, TaskReport } from '../../lib/report/shutdown-report.js';
import type { ShutdownEvent } from '../../lib/run/events.js';
import { noAck } from '../../lib/startup-checks/no-ack.js';
import { doesNotFit } from '../../lib/startup-checks/does-not-fit.js';
import { orderDoubted } from '../../lib/startup-checks/order-doubted.js';
import { signalsKept } from '../../lib/startup-checks/signals-kept.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun } from '../../lib/testing/run-plan.js';
import { printedByCommand } from './printed-command.js';
import { printedByReport } from './printed-report.js';

const SIGTERM = { kind: 'signal', signal: 'SIGTERM' } as const;

/** The phases of an application under Kubernetes. */
const PHASES: readonly PhaseOptions[] = DEFAULT_PHASES.map((phase) =>
  phase.name === 'unready' ? { ...phase, timeout: 6_000 } : phase,
);

/** What the pages show as output of the library, as the library makes it. */
export async function printed(): Promise<ReadonlySet<string>> {
  return new Set([
    mistakesText([...PHASES.slice(0, 1), { name: 'drain', timeout: '30s' }, ...PHASES.slice(2)], {
      name: 'OrdersOutbox.publishRest',
      phase: 'flsh',
      run: nothing,
    }),
    mistakesText(
      PHASES,
      { name: 'Cache.close', after: ['Pool.close'], run: nothing },
      { name: 'Pool.close', after: ['Search.close'], run: nothing },
      { name: 'Search.close', after: ['Cache.close'], run: nothing },
    ),
    extendedPlan(),
    ...notices(),
    ...events(),
    ...(await printedByCommand()),
    ...(await printedByReport()),
    await course('Search.stopIndexing', { phase: 'drain', timeout: 2_000, run: forever }),
    await course('HttpDrain', {
      phase: 'drain',
      inFlight: () => [
        { name: 'GET /orders/:id', ageMs: 18_200 },
        { name: 'POST /reports', ageMs: 15_040 },
      ],
      run: forever,
    }),
    await course('MicroserviceDrain (RabbitMQ orders)', {
      phase: 'drain',
      inFlight: () => [{ name: 'order.placed', ageMs: 15_310 }],
      run: forever,
    }),
  ]);
}

function notices(): readonly string[] {
  const plan = buildPlan(
    PHASES.map((phase) => (phase.name === 'drain' ? { ...phase, timeout: 65_000 } : phase)),
    [],
  );
  const all: readonly Notice[] = [
    doesNotFit(plan.longestPath, 30_000),
    orderDoubted({
      task: { name: 'Orders.finish', run: nothing },
      injected: { name: 'Pool.end', run: nothing },
    }),
    escalated({ signal: 'SIGINT', afterMs: 4_200, abandoned: ['Search.stopIndexing'] }),
    deadlinePassed({ afterMs: 29_500, abandoned: [] }),
    keptAlive({ afterMs: 1_000, leftovers: ['tcp 127.0.0.1:38040 -> 127.0.0.1:5432', 'a timer'] }),
    cutShort({
      code: 0,
      caller: 'onSigterm (/app/telemetry.js:12:3)',
      abandoned: ['Search.stopIndexing'],
    }),
    runsLate(),
    signalsKept('npm start'),
    noAck('RabbitMQ orders'),
    jobsHandedBack('orders', [{ item: { name: 'orders: ship 17', ageMs: 14_500 } }]),
  ];
  return all.map(({ text }) => text);
}

function events(): readonly string[] {
  const awaited = {
    phase: 'drain',
    task: 'HttpDrain',
    elapsedMs: 4_500,
    allowedMs: 15_000,
    inFlight: [{ name: 'GET /orders/:id', ageMs: 7_700 }],
  };
  const all: readonly ShutdownEvent[] = [
    { type: 'run-progress', at: 0, elapsedMs: 10_000, awaited: [awaited] },
    {
      type: 'task-settled-late',
      at: 0,
      id: 0,
      phase: 'drain',
      task: 'Search.stopIndexing',
      lateMs: 1_250,
      outcome: 'completed',
    },
  ];
  return all.map((event) => eventNotice(event)?.text ?? '');
}

/** The plan of the application that docs/phases-and-order.md extends. */
function extendedPlan(): string {
  const task = (name: string, phase: string): ShutdownTask => ({ name, phase, run: nothing });
  const plan = buildPlan(
    [
      ...PHASES,
      { name: 'telemetry', timeout: 1_000 },
      { name: 'audit', after: ['drain'], timeout: 2_000, onFailure: 'abort' },
    ],
    [
      task('shutdownDelay', 'unready'),
      task('HttpDrain.leave', 'unready'),
      task('HttpDrain', 'drain'),
      task('InFlightWork', 'drain'),
      task('OrdersOutbox.publishRest', 'flush'),
      task('Pool.end', 'close'),
      task('Traces.flush', 'telemetry'),
      task('AuditLog.seal', 'audit'),
    ],
  );
  return planNotice(plan).text;
}

/** What a run prints in which this task is the one that is waited for in vain. */
async function course(name: string, settings: Omit<ShutdownTask, 'name'>): Promise<string> {
  const clock = new ManualClock(1_000_000);
  const takes = (ms: number) => (): Promise<void> => clock.sleep(ms);
  const { finish } = prepareRun({
    phases: PHASES,
    clock,
    tasks: [
      { name: 'shutdownDelay', phase: 'unready', run: takes(5_000) },
      { ...settings, name },
      { name: 'OrdersOutbox.publishRest', phase: 'flush', run: takes(140) },
      { name: 'Pool.end', run: takes(20) },
    ],
  });
  const report = await finish(SIGTERM);
  return reportNotice(report).text;
}

function mistakesText(phases: readonly object[], ...tasks: readonly ShutdownTask[]): string {
  try {
    // The mistakes are what is shown.
    buildPlan(phases as readonly PhaseOptions[], tasks);
  } catch (error) {
    return String(error);
  }
  throw new Error('there is no mistake');
}

const ROW = /^( {2})?(\S.*?) {2,}(\d[\d ]*) ms [ ─█]+? +(\d[\d ]*) ms(?: (.+))?$/;

/** A timeline that was read from a terminal, drawn anew from its numbers; other text comes out as nothing. */
export function roundTrip(text: string): string | undefined {
  const [first, second = '', ...rows] = text.split('\n');
  const head = /^Shut down in ([\d ]+) ms: (completed|failed|timed-out)\.$/.exec(second);
  if (first !== 'Shutting down: SIGTERM.' || head === null) return undefined;
  const phases: (PhaseReport & { readonly tasks: TaskReport[] })[] = [];
  for (const row of rows) {
    const [, isTask, name = '', start = '', duration = ''] = ROW.exec(row) ?? [];
    const times = { name, startMs: numberOf(start), durationMs: numberOf(duration) };
    if (isTask === undefined) phases.push({ ...times, mode: 'parallel', outcome: 'completed', tasks: [] });
    else phases.at(-1)?.tasks.push({ ...times, outcome: 'completed' });
  }
  const report: ShutdownReport = {
    reason: SIGTERM,
    joinedReasons: [],
    outcome: 'completed',
    startedAt: 0,
    durationMs: numberOf(head[1] ?? ''),
    phases,
  };
  return `${first}\n${reportNotice(report).text}`;
}

function numberOf(text: string): number {
  return Number(text.replaceAll(' ', ''));
}

function nothing(): void {
  // A handler that is planned here and does not run.
}

/** A handler that does not look at its signal. */
function forever(): Promise<void> {
  return new Promise(() => undefined);
}
