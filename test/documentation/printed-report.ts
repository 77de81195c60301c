import { shortReport } from '../../lib/report/short-report.js';
import type { PhaseReport, RunningReport, ShutdownReport } from '../../lib/report/shutdown-report.js';
import { lastStop } from '../../lib/report-output/report-notices.js';
import { LeakCheck } from '../../lib/testing/leak-check.js';

const STOPPED = {
  reason: { kind: 'signal', signal: 'SIGTERM' },
  joinedReasons: [],
  startedAt: Date.UTC(2026, 10, 24, 21, 12),
} as const;

/** What the pages show of stored reports, and of what a test finds left open. */
export async function printedByReport(): Promise<readonly string[]> {
  return [lastStops(), shortForm(), await leaks()];
}

/** The line at boot after a clean stop, and after a process that was killed. */
function lastStops(): string {
  const clean: ShutdownReport = { ...STOPPED, outcome: 'completed', durationMs: 1_042, phases: [] };
  const killed: RunningReport = {
    ...STOPPED,
    outcome: 'running',
    durationMs: 3_404,
    phases: [
      {
        name: 'drain',
        mode: 'parallel',
        outcome: 'running',
        startMs: 0,
        durationMs: 3_404,
        tasks: [{ name: 'HttpDrain', outcome: 'running', startMs: 0, durationMs: 3_404 }],
      },
    ],
  };
  return [clean, killed].map((report) => lastStop(report).text).join('\n');
}

/** What the termination log of a container holds. */
function shortForm(): string {
  const phase: Omit<PhaseReport, 'name' | 'durationMs' | 'tasks'> = {
    mode: 'parallel',
    outcome: 'completed',
    startMs: 0,
  };
  const report: ShutdownReport = {
    ...STOPPED,
    outcome: 'timed-out',
    durationMs: 6_377,
    phases: [
      { ...phase, name: 'unready', durationMs: 1_004, tasks: [] },
      {
        ...phase,
        name: 'drain',
        durationMs: 5_000,
        outcome: 'timed-out',
        startMs: 1_004,
        tasks: [
          {
            name: 'HttpDrain',
            outcome: 'timed-out',
            abandoned: true,
            startMs: 1_005,
            durationMs: 4_999,
            inFlight: [{ name: 'GET /orders/:id', ageMs: 4_812 }],
          },
          {
            name: 'Broker.consume',
            outcome: 'failed',
            startMs: 1_005,
            durationMs: 212,
            error: new Error('The channel could not be closed'),
          },
        ],
      },
    ],
  };
  return shortReport(report, 4_096).trimEnd();
}

/** What `noLeaks()` throws. */
async function leaks(): Promise<string> {
  let open: readonly string[] = [];
  const check = new LeakCheck(() => open);
  open = ['tcp listening on 127.0.0.1:38040', 'fs_event /etc/shop.json', 'Timeout', 'Timeout'];
  try {
    await check.expectNone({ within: 0 });
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('there is no leak');
}
