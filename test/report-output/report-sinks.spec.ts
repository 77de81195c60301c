import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { Notice } from '../../lib/notice.js';
import { ReportFold } from '../../lib/report/fold-report.js';
import { reportFromJson } from '../../lib/report/read-report.js';
import type { RunningReport, ShutdownReport } from '../../lib/report/shutdown-report.js';
import { MistakeList } from '../../lib/plan/mistake.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { lastStop } from '../../lib/report-output/report-notices.js';
import { ReportSinks } from '../../lib/report-output/report-sinks.js';
import { storedFiles } from '../../lib/report-output/stored-file.js';
import { readReportOptions, type ReportOptions } from '../../lib/report-output/report.options.js';
import { FakeProcess } from '../../lib/testing/fake-process.js';
import { prepareRun } from '../../lib/testing/run-plan.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Settings {
  readonly tasks?: readonly ShutdownTask[];
  readonly inKubernetes?: boolean;
}

/** A run whose report goes to the sinks. */
function sinking(options: ReportOptions, { tasks = [], inKubernetes = false }: Settings = {}) {
  const harness = prepareRun({
    phases: [
      { name: 'drain', timeout: 5_000 },
      { name: 'close', timeout: 1_000 },
    ],
    tasks,
  });
  const fold = new ReportFold();
  const process = new FakeProcess();
  const told: Notice[] = [];
  const mistakes = new MistakeList();
  const sinks = new ReportSinks(readReportOptions(options, { path: 'report', mistakes }), {
    clock: harness.clock,
    files: storedFiles,
    inKubernetes,
    report: () => fold.report(),
    awaited: () => harness.run.awaited,
    notify: (notice) => told.push(notice),
    onExit: (listener) => process.onExit(({ code }) => listener(code)),
  });
  mistakes.throwIfAny();
  harness.run.listen((event) => {
    fold.add(event);
    sinks.observe(event);
  });
  return { ...harness, process, told, sinks };
}

/** A promise that the test resolves. */
function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}

const inFolder = (name: string): string => join(folder, name);
const read = (name: string): ShutdownReport | RunningReport =>
  reportFromJson(readFileSync(inFolder(name), 'utf8'));

const done: ShutdownTask = { name: 'Store.save', phase: 'drain', run: () => undefined };
const hanging: ShutdownTask = {
  name: 'Store.hang',
  phase: 'drain',
  run: () => new Promise(() => undefined),
  inFlight: () => [{ name: 'order 7', ageMs: 40 }],
};

describe('the file', () => {
  test.each(['report.json', 'report.html', 'REPORT.JSON'])(
    '%s contains the report after the run',
    async (name) => {
      const { finish } = sinking({ file: inFolder(name) }, { tasks: [done] });
      const report = await finish();
      expect(read(name)).toEqual(report);
    },
  );

  test('is written during the run, with what is in flight', async () => {
    const { run, clock } = sinking({ file: inFolder('report.json') }, { tasks: [hanging] });
    void run.start({ kind: 'message' });
    await clock.advance(1_000);
    expect(read('report.json')).toMatchObject({
      outcome: 'running',
      phases: [
        {
          name: 'drain',
          outcome: 'running',
          tasks: [{ name: 'Store.hang', outcome: 'running', inFlight: [{ name: 'order 7', ageMs: 40 }] }],
        },
        { name: 'close', outcome: 'waiting' },
      ],
    });
  });

  describe('with the name of a page', () => {
    test('is JSON during the run, and a page at its end', async () => {
      const { run, clock } = sinking({ file: inFolder('report.html') }, { tasks: [hanging] });
      const ended = run.start({ kind: 'message' });
      await clock.advance(1_000);
      expect(JSON.parse(readFileSync(inFolder('report.html'), 'utf8'))).toMatchObject({ outcome: 'running' });
      await clock.advance(5_000);
      await ended;
      expect(readFileSync(inFolder('report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    });

    test('is a page as well if the end of the process cuts the run', async () => {
      const { sinks, run, clock } = sinking({ file: inFolder('report.html') }, { tasks: [hanging] });
      void run.start({ kind: 'message' });
      await clock.advance(1_000);
      sinks.end({ kind: 'deadline' });
      expect(readFileSync(inFolder('report.html'), 'utf8')).toMatch(/^<!doctype html>/);
      expect(read('report.html')).toMatchObject({ outcome: 'running', endedBy: { kind: 'deadline' } });
    });
  });

  test('includes a task that settles after the run', async () => {
    const late = deferred();
    const { finish, clock } = sinking(
      { file: inFolder('report.json') },
      { tasks: [{ ...done, timeout: 100, run: () => late.promise }] },
    );
    await finish();
    await clock.advance(500);
    late.resolve();
    await clock.advance(500);
    expect(read('report.json').phases[0]?.tasks[0]?.settledLateMs).toBe(500);
  });

  test('leaves no other file in its folder', async () => {
    const { finish } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    await finish();
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('is replaced atomically, so that a reader never sees a half-written file', async () => {
    writeFileSync(inFolder('report.json'), 'what was there');
    execFileSync('ln', [inFolder('report.json'), inFolder('held')]);
    const { finish } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    await finish();
    expect(readFileSync(inFolder('held'), 'utf8')).toBe('what was there');
  });
});

describe('a process that is forced to exit', () => {
  test('leaves a report that names what was abandoned, and what was in flight', async () => {
    const { run, clock, sinks } = sinking({ file: inFolder('report.json') }, { tasks: [hanging, done] });
    void run.start({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(1_500);
    sinks.end({ kind: 'escalation', signal: 'SIGINT' });
    expect(read('report.json')).toMatchObject({
      reason: { kind: 'signal', signal: 'SIGTERM' },
      outcome: 'running',
      durationMs: 1_500,
      endedBy: { kind: 'escalation', signal: 'SIGINT', atMs: 1_500 },
      phases: [
        {
          durationMs: 1_500,
          tasks: [
            { name: 'Store.hang', abandoned: true, durationMs: 1_500, inFlight: [{ name: 'order 7' }] },
            { name: 'Store.save', outcome: 'completed', durationMs: 0 },
          ],
        },
        { outcome: 'waiting' },
      ],
    });
  });

  test('leaves a report even if the run has not begun', () => {
    const { sinks } = sinking({ file: inFolder('report.json') });
    sinks.end({ kind: 'deadline' }, { kind: 'signal', signal: 'SIGTERM' });
    expect(read('report.json')).toMatchObject({
      reason: { kind: 'signal', signal: 'SIGTERM' },
      endedBy: { kind: 'deadline', atMs: 0 },
      phases: [],
    });
  });

  test('leaves a report if other code exits during the run', async () => {
    const { run, clock, process } = sinking({ file: inFolder('report.json') }, { tasks: [hanging] });
    void run.start({ kind: 'message' });
    await clock.advance(700);
    process.emitExit(3);
    expect(read('report.json').endedBy).toEqual({ kind: 'exit', code: 3, atMs: 700 });
  });

  test('says once what ended it, although it exits right after', async () => {
    const { run, sinks, process } = sinking({ file: inFolder('report.json') }, { tasks: [hanging] });
    void run.start({ kind: 'message' });
    sinks.end({ kind: 'deadline' });
    process.emitExit(1);
    expect(read('report.json').endedBy?.kind).toBe('deadline');
  });

  test('has an exit listener only during the run', async () => {
    const { finish, process } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    expect(process.listenedTo).toEqual([]);
    await finish();
    expect(process.listenedTo).toEqual([]);
  });
});

describe('the termination log', () => {
  test('has the short form, written into the existing file', async () => {
    writeFileSync(inFolder('log'), 'x'.repeat(10_000));
    execFileSync('ln', [inFolder('log'), inFolder('mounted')]);
    const { finish } = sinking({ terminationLog: inFolder('log') }, { tasks: [done] });
    await finish({ kind: 'signal', signal: 'SIGTERM' });
    expect(readFileSync(inFolder('mounted'), 'utf8')).toMatch(
      /^Shutdown completed in \d+ ms\.\nReason: SIGTERM/,
    );
  });

  test('stays within 4 096 bytes', async () => {
    const tasks = Array.from({ length: 500 }, (_, index) => ({
      name: `Tenant.close ${index}`,
      run: () => {
        throw new Error('é'.repeat(100));
      },
    }));
    const { finish } = sinking({ terminationLog: inFolder('log') }, { tasks });
    await finish();
    const bytes = readFileSync(inFolder('log')).length;
    expect(bytes).toBeGreaterThan(3_500);
    expect(bytes).toBeLessThanOrEqual(4_096);
  });
});

describe('onReport', () => {
  test('receives the report once, after the run', async () => {
    const given: (ShutdownReport | RunningReport)[] = [];
    const { finish } = sinking({ onReport: (report) => given.push(report) }, { tasks: [done] });
    const report = await finish();
    expect(given).toEqual([report]);
  });

  test('is awaited for up to one second', async () => {
    const ended = deferred();
    const { finish, sinks, clock, told } = sinking({ onReport: () => ended.promise });
    await finish();
    let settled = false;
    void sinks.settled().then(() => {
      settled = true;
    });
    await clock.advance(900);
    expect(settled).toBe(false);
    ended.resolve();
    await clock.advance(0);
    expect(settled).toBe(true);
    expect(told).toEqual([]);
  });
});

describe('a failing sink does no harm, and is reported once', () => {
  const pipe = (): string => {
    execFileSync('mkfifo', [inFolder('pipe.json')]);
    return inFolder('pipe.json');
  };
  const folderNamed = (name: string): string => {
    mkdirSync(inFolder(name));
    return inFolder(name);
  };

  test.each<readonly [title: string, options: () => ReportOptions, sink: string, says: RegExp]>([
    ['a folder that is missing', () => ({ file: inFolder('none/report.json') }), 'report.file', /ENOENT/],
    [
      'a file that is a folder',
      () => ({ file: folderNamed('a.json') }),
      'report.file',
      /EISDIR|ENOTEMPTY|EEXIST/,
    ],
    ['a path through a file', () => ({ file: '/dev/null/report.json' }), 'report.file', /ENOTDIR|EACCES/],
    [
      'a termination log that is a pipe',
      () => ({ terminationLog: pipe() }),
      'report.terminationLog',
      /is not a file/,
    ],
    [
      'a termination log in no folder',
      () => ({ terminationLog: inFolder('none/log') }),
      'report.terminationLog',
      /ENOENT/,
    ],
    [
      'a function that throws',
      () => ({
        onReport: () => {
          throw new Error('webhook');
        },
      }),
      'report.onReport',
      /webhook/,
    ],
    [
      'a function that rejects',
      () => ({ onReport: () => Promise.reject(new Error('webhook')) }),
      'report.onReport',
      /webhook/,
    ],
    [
      'a function that hangs',
      () => ({ onReport: () => new Promise(() => undefined) }),
      'report.onReport',
      /did not end within 1 000 ms/,
    ],
  ])('%s', async (_, options, sink, says) => {
    const { finish, sinks, clock, told } = sinking(options(), { tasks: [done] });
    const report = await finish();
    await clock.runUntil(sinks.settled());
    expect(report.outcome).toBe('completed');
    expect(told).toEqual([{ code: 'sink-failed', level: 'warn', text: expect.stringMatching(says) }]);
    expect(told[0]?.text).toMatch(`The report did not reach ${sink}; the shutdown is not affected: `);
  });

  test('a read-only folder, unless running as root', async () => {
    chmodSync(folder, 0o555);
    const { finish, told } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    expect((await finish()).outcome).toBe('completed');
    expect(told).toHaveLength(process.getuid?.() === 0 ? 0 : 1);
    chmodSync(folder, 0o755);
  });

  test('a task with invalid work in flight', async () => {
    const nonsense = { ...hanging, inFlight: () => [null, { name: Symbol('a'), ageMs: 'old' }] as never };
    const { finish, told } = sinking({ file: inFolder('report.json') }, { tasks: [nonsense] });
    expect((await finish()).outcome).toBe('timed-out');
    expect(told.length).toBeLessThanOrEqual(1);
  });
});

describe('at boot', () => {
  test('the last shutdown is logged from its file', async () => {
    const { finish } = sinking({ file: inFolder('report.html') }, { tasks: [done] });
    const report = await finish();
    const next = sinking({ file: inFolder('report.html') });
    next.sinks.announceLastStop();
    expect(next.told).toEqual([lastStop(report)]);
  });

  test('nothing is logged without a file', () => {
    const { sinks, told } = sinking({ file: inFolder('report.json'), terminationLog: inFolder('log') });
    sinks.announceLastStop();
    expect(told).toEqual([]);
  });

  test.each([
    ['is not ours', '{"name":"shop"}'],
    ['is broken', '{"version":1,'],
    ['is empty', ''],
  ])('a file that %s is reported, and replaced at the next shutdown', async (_, text) => {
    writeFileSync(inFolder('report.json'), text);
    const { sinks, told, finish } = sinking({ file: inFolder('report.json') });
    sinks.announceLastStop();
    expect(told).toEqual([
      expect.objectContaining({
        code: 'report-unreadable',
        text: expect.stringContaining(`'${inFolder('report.json')}'`),
      }),
    ]);
    const report = await finish();
    expect(read('report.json')).toEqual(report);
  });

  test('a pipe is reported, and does not block', () => {
    execFileSync('mkfifo', [inFolder('pipe.json')]);
    const { sinks, told } = sinking({ file: inFolder('pipe.json') });
    sinks.announceLastStop();
    expect(told).toEqual([expect.objectContaining({ code: 'report-unreadable' })]);
  });
});
