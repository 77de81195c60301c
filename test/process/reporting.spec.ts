import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportFromJson } from '../../lib/report/read-report.js';
import type { RunningReport, ShutdownReport, TaskReport } from '../../lib/report/shutdown-report.js';
import { ForkedProgram, run, type Ended } from './fork.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Report = ShutdownReport | RunningReport;

/** Runs a scenario that ends by itself after one signal, and reads what it left. */
async function afterSignal(scenario: string, name = 'report.json') {
  const file = join(folder, name);
  const ended = await run('reporting', { args: [scenario, file], signalAt: ['started', 'SIGTERM'] });
  return { ...ended, report: readReport(file) };
}

function readReport(file: string): Report {
  // Nothing but the report: no draft was left behind.
  expect(readdirSync(folder)).toEqual([file.slice(folder.length + 1)]);
  return reportFromJson(readFileSync(file, 'utf8'));
}

function taskOf({ phases }: Report, name: string): TaskReport | undefined {
  return phases.flatMap(({ tasks }) => tasks).find((task) => task.name === name);
}

const PHASES = ['unready', 'drain', 'flush', 'close'];
const SIGTERM = { kind: 'signal', signal: 'SIGTERM' };

describe('the report in its file', () => {
  test.each(['report.json', 'report.html'])('is complete after a clean shutdown: %s', async (name) => {
    const { code, report, lines } = await afterSignal('quick', name);
    expect(code).toBe(0);
    expect(report).toMatchObject({ reason: SIGTERM, outcome: 'completed' });
    expect(report).not.toHaveProperty('endedBy');
    expect(report.phases.map((phase) => phase.name)).toEqual(PHASES);
    expect(lines.some((line) => line.startsWith('The last stop'))).toBe(false);
  });

  test('names what was abandoned at the deadline of the run', async () => {
    const { code, report } = await afterSignal('hung-handler');
    expect(code).toBe(1);
    expect(report).toMatchObject({ reason: SIGTERM, outcome: 'timed-out' });
    expect(taskOf(report, 'Store.save')).toMatchObject({ outcome: 'timed-out', abandoned: true });
    expect(taskOf(report, 'InFlightWork')?.inFlight).toEqual([
      { name: 'order 7', ageMs: expect.any(Number) },
    ]);
  });

  test('says that the hard deadline forced the exit', async () => {
    const { code, report } = await afterSignal('hung-hook');
    expect(code).toBe(1);
    expect(report).toMatchObject({ outcome: 'completed', endedBy: { kind: 'deadline' } });
    expect(report.endedBy?.atMs).toBeGreaterThanOrEqual(900);
    expect(report.phases.map((phase) => phase.name)).toEqual(PHASES);
  });

  test('says that a second signal forced the exit, and what that abandoned', async () => {
    const file = join(folder, 'report.json');
    const program = new ForkedProgram('reporting', { args: ['second-signal', file] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('a second later', 'SIGINT');
    expect((await program.ended).code).toBe(130);
    const report = readReport(file);
    expect(report).toMatchObject({
      reason: SIGTERM,
      outcome: 'running',
      endedBy: { kind: 'escalation', signal: 'SIGINT' },
    });
    expect(taskOf(report, 'Store.save')).toMatchObject({ outcome: 'running', abandoned: true });
    expect(report.phases.map(({ outcome }) => outcome)).toEqual([
      'completed',
      'running',
      'waiting',
      'waiting',
    ]);
  });

  test('says that a second fatal error forced the exit', async () => {
    const file = join(folder, 'report.json');
    expect((await run('reporting', { args: ['fatal-twice', file] })).code).toBe(1);
    const report = readReport(file);
    expect(report).toMatchObject({
      reason: { kind: 'error', error: { message: 'boom' }, origin: 'uncaughtException' },
      outcome: 'running',
      endedBy: { kind: 'fatal-error', error: { message: 'second boom' } },
    });
    expect(taskOf(report, 'Store.save')?.abandoned).toBe(true);
  });

  test('lists a fatal error during the shutdown, and is complete', async () => {
    const { code, report } = await afterSignal('fatal-while-shutting-down');
    expect(code).toBe(1);
    expect(report).toMatchObject({
      reason: SIGTERM,
      joinedReasons: [{ kind: 'error', error: { message: 'boom' } }],
      outcome: 'completed',
    });
    expect(report.phases.map((phase) => phase.name)).toEqual(PHASES);
  });

  test.each([
    ['an uncaught exception that nobody listens to', 'uncaught-unasked', 1],
    ['a foreign process.exit()', 'exits', 7],
  ])('says that %s ended the process', async (_, scenario, code) => {
    const { code: actual, report } = await afterSignal(scenario);
    expect(actual).toBe(code);
    expect(report).toMatchObject({ outcome: 'running', endedBy: { kind: 'exit', code } });
    expect(taskOf(report, 'Store.save')?.abandoned).toBe(true);
  });

  test('says what kept the process alive', async () => {
    const { code, report } = await afterSignal('leaked-timer');
    expect(code).toBe(0);
    expect(report).toMatchObject({
      outcome: 'completed',
      endedBy: { kind: 'kept-alive', leftovers: ['1 × Timeout'] },
    });
  });
});

describe('a process force-killed during the run', () => {
  test.each(['report.json', 'report.html'])('logs at the next boot where it was: %s', async (name) => {
    const file = join(folder, name);
    const program = new ForkedProgram('reporting', { args: ['killed', file] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('hanging', 'SIGKILL');
    expect((await program.ended).signal).toBe('SIGKILL');
    const report = readReport(file);
    expect(report.outcome).toBe('running');
    expect(taskOf(report, 'InFlightWork')?.inFlight).toEqual([
      { name: 'order 7', ageMs: expect.any(Number) },
    ]);

    const { lines } = await afterSignal('quick', name);
    expect(lines.filter((line) => line.startsWith('The last stop'))).toEqual([
      expect.stringMatching(
        /^The last stop on record \(SIGTERM \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\): unfinished in phase 'drain', last update after \d+ ms\. Abandoned: (HttpDrain, )?.*Store\.save.*\.$/,
      ),
    ]);
  });
});

describe('onReport', () => {
  const told = ({ lines, code, errors }: Ended) => ({ lines: lines.slice(-1), code, errors });

  test('ends before the process exits', async () => {
    const ended = await run('reporting', { args: ['slow-listener'], signalAt: ['started', 'SIGTERM'] });
    expect(told(ended)).toEqual({ lines: ['told completed'], code: 0, errors: [] });
  });

  test('is logged if it hangs, and the process exits with code 0', async () => {
    const ended = await run('reporting', { args: ['hung-listener'], signalAt: ['started', 'SIGTERM'] });
    expect(told(ended)).toEqual({
      lines: [
        'The report did not reach report.onReport; the shutdown is not affected: it did not end within 1 000 ms',
      ],
      code: 0,
      errors: [],
    });
  });
});

describe('subscribers that throw', () => {
  test('change nothing: the run goes on, other subscribers get the event, and each error is logged', async () => {
    const { code, lines, errors } = await run('reporting', {
      args: ['subscribers'],
      signalAt: ['started', 'SIGTERM'],
    });
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toContain('heard to the end');
    expect(lines).toContain('save)');
    for (const who of ['subscriber', 'observer', 'draining', 'async subscriber']) {
      expect(lines).toContain(`A listener of the shutdown events threw; the shutdown goes on: ${who}`);
    }
  });
});
