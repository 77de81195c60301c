import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { Notice } from '../../lib/logging/notice.js';
import { ReportFold } from '../../lib/report/fold-report.js';
import { reportFromJson } from '../../lib/report/read-report.js';
import { reportToJson } from '../../lib/report/report-json.js';
import type { RunningReport, ShutdownReport } from '../../lib/report/shutdown-report.js';
import { MistakeList } from '../../lib/plan/mistake.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { ReportSinks } from '../../lib/sinks/report-sinks.js';
import { storedFiles } from '../../lib/sinks/stored-file.js';
import { readReportOptions, type ReportOptions } from '../../lib/sinks/report.options.js';
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
    '%s holds the report when the run has ended',
    async (name) => {
      const { finish } = sinking({ file: inFolder(name) }, { tasks: [done] });
      const report = await finish();
      expect(read(name)).toEqual(report);
    },
  );

  test('is written while the run goes on, with what is in flight', async () => {
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
    test('is JSON while the run goes on, and a page when it has ended', async () => {
      const { sinks, run, clock } = sinking({ file: inFolder('report.html') }, { tasks: [hanging] });
      await sinks.onModuleInit();
      const ended = run.start({ kind: 'message' });
      await clock.advance(1_000);
      expect(JSON.parse(readFileSync(inFolder('report.html'), 'utf8'))).toMatchObject({ outcome: 'running' });
      await clock.advance(5_000);
      await ended;
      expect(readFileSync(inFolder('report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    });

    test('is a page also of a run that the end of the process cuts', async () => {
      const { sinks, run, clock } = sinking({ file: inFolder('report.html') }, { tasks: [hanging] });
      await sinks.onModuleInit();
      void run.start({ kind: 'message' });
      await clock.advance(1_000);
      sinks.end({ kind: 'deadline' });
      expect(readFileSync(inFolder('report.html'), 'utf8')).toMatch(/^<!doctype html>/);
      expect(read('report.html')).toMatchObject({ outcome: 'running', endedBy: { kind: 'deadline' } });
    });

    test('is JSON where the application was stopped before it had started', async () => {
      const { finish } = sinking({ file: inFolder('report.html') }, { tasks: [done] });
      const report = await finish();
      expect(JSON.parse(readFileSync(inFolder('report.html'), 'utf8'))).toEqual(reportToJson(report));
    });
  });

  test('takes in a task that settles when the run has ended', async () => {
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

  test('leaves nothing else in its folder', async () => {
    const { finish } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    await finish();
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('is another file each time it is written, so that a reader never sees a half of it', async () => {
    writeFileSync(inFolder('report.json'), 'what was there');
    execFileSync('ln', [inFolder('report.json'), inFolder('held')]);
    const { finish } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    await finish();
    expect(readFileSync(inFolder('held'), 'utf8')).toBe('what was there');
  });
});

describe('a process that is ended by force', () => {
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

  test('leaves one also where the run has not begun', () => {
    const { sinks } = sinking({ file: inFolder('report.json') });
    sinks.end({ kind: 'deadline' }, { kind: 'signal', signal: 'SIGTERM' });
    expect(read('report.json')).toMatchObject({
      reason: { kind: 'signal', signal: 'SIGTERM' },
      endedBy: { kind: 'deadline', atMs: 0 },
      phases: [],
    });
  });

  test('leaves one where somebody else exits in the middle of the run', async () => {
    const { run, clock, process } = sinking({ file: inFolder('report.json') }, { tasks: [hanging] });
    void run.start({ kind: 'message' });
    await clock.advance(700);
    process.emitExit(3);
    expect(read('report.json').endedBy).toEqual({ kind: 'exit', code: 3, atMs: 700 });
  });

  test('says once what ended it, though it exits right after', async () => {
    const { run, sinks, process } = sinking({ file: inFolder('report.json') }, { tasks: [hanging] });
    void run.start({ kind: 'message' });
    sinks.end({ kind: 'deadline' });
    process.emitExit(1);
    expect(read('report.json').endedBy?.kind).toBe('deadline');
  });

  test('is listened to while the run goes on alone', async () => {
    const { finish, process } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    expect(process.listenedTo).toEqual([]);
    await finish();
    expect(process.listenedTo).toEqual([]);
  });
});

describe('the termination log', () => {
  test('has the short form, in the same file that was there', async () => {
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

describe('the function of the user', () => {
  test('is given the report once, when the run has ended', async () => {
    const given: (ShutdownReport | RunningReport)[] = [];
    const { finish } = sinking({ onReport: (report) => given.push(report) }, { tasks: [done] });
    const report = await finish();
    expect(given).toEqual([report]);
  });

  test('is waited for up to a second', async () => {
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

describe('a sink that fails harms nothing, and is told once', () => {
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
      /is no file/,
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
    expect(told).toEqual([expect.objectContaining({ kind: 'sink-failed', sink })]);
    expect(told.map((notice) => (notice.kind === 'sink-failed' ? String(notice.error) : ''))).toEqual([
      expect.stringMatching(says),
    ]);
  });

  test('a read-only folder, to whoever is not root', async () => {
    chmodSync(folder, 0o555);
    const { finish, told } = sinking({ file: inFolder('report.json') }, { tasks: [done] });
    expect((await finish()).outcome).toBe('completed');
    expect(told).toHaveLength(process.getuid?.() === 0 ? 0 : 1);
    chmodSync(folder, 0o755);
  });

  test('a task that says nonsense of its work', async () => {
    const nonsense = { ...hanging, inFlight: () => [null, { name: Symbol('a'), ageMs: 'old' }] as never };
    const { finish, told } = sinking({ file: inFolder('report.json') }, { tasks: [nonsense] });
    expect((await finish()).outcome).toBe('timed-out');
    expect(told.length).toBeLessThanOrEqual(1);
  });
});

describe('at boot', () => {
  test('the last stop is told from its file', async () => {
    const { finish } = sinking({ file: inFolder('report.html') }, { tasks: [done] });
    const report = await finish();
    const next = sinking({ file: inFolder('report.html') });
    await next.sinks.onModuleInit();
    expect(next.told).toEqual([{ kind: 'last-stop', report }]);
  });

  test('nothing is said where there is no file', async () => {
    const { sinks, told } = sinking({ file: inFolder('report.json'), terminationLog: inFolder('log') });
    await sinks.onModuleInit();
    expect(told).toEqual([]);
  });

  test.each([
    ['is not ours', '{"name":"shop"}'],
    ['is broken', '{"version":1,'],
    ['is empty', ''],
  ])('a file that %s is told, and replaced at the next stop', async (_, text) => {
    writeFileSync(inFolder('report.json'), text);
    const { sinks, told, finish } = sinking({ file: inFolder('report.json') });
    await sinks.onModuleInit();
    expect(told).toEqual([
      expect.objectContaining({ kind: 'report-unreadable', file: inFolder('report.json') }),
    ]);
    const report = await finish();
    expect(read('report.json')).toEqual(report);
  });

  test('a pipe is told, and not waited for', async () => {
    execFileSync('mkfifo', [inFolder('pipe.json')]);
    const { sinks, told } = sinking({ file: inFolder('pipe.json') });
    await sinks.onModuleInit();
    expect(told).toEqual([expect.objectContaining({ kind: 'report-unreadable' })]);
  });
});
