import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { filter, map, merge, of } from 'rxjs';
import {
  enableGracefulShutdown,
  OnShutdown,
  reportFromJson,
  reportToJson,
  type RunningReport,
  type ShutdownReport,
} from '../../lib/index.js';
import { bootApplication, bootMistakes } from './application.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

@Injectable()
class Outbox {
  @OnShutdown('flush')
  publish(): void {}

  @OnShutdown('close')
  close(): never {
    throw new Error('connect postgres://shop:hunter2@db/shop failed');
  }
}

const providers = [Outbox];
const fail = (what: string) => (): never => {
  throw new Error(what);
};

describe('the option report', () => {
  test('delivers the report to its file, termination log and function', async () => {
    const given: (ShutdownReport | RunningReport)[] = [];
    const [file, terminationLog] = [join(folder, 'stop.json'), join(folder, 'log')];
    const { finish } = await bootApplication({
      providers,
      shutdown: { report: { file, terminationLog, onReport: (each) => given.push(each) } },
    });
    const report = await finish();

    expect(given).toEqual([report]);
    const stored = reportFromJson(readFileSync(file, 'utf8'));
    expect(reportToJson(stored)).toEqual(reportToJson(report));
    expect(readFileSync(file, 'utf8')).not.toContain('hunter2');
    expect(readFileSync(terminationLog, 'utf8')).toContain(
      '- Outbox.close in close failed after 0 ms: connect postgres://***@db/shop failed',
    );
  });

  test('stores what `redact` returns', async () => {
    const file = join(folder, 'stop.html');
    const redact = (text: string): string => text.replaceAll('db/shop', '(database)');
    const { finish } = await bootApplication({ providers, shutdown: { report: { file, redact } } });
    await finish();
    expect(readFileSync(file, 'utf8')).toContain('connect postgres://***@(database) failed');
    expect(readFileSync(file, 'utf8')).not.toContain('db/shop');
  });

  test('logs one line at boot on how the last shutdown ended', async () => {
    const file = join(folder, 'stop.html');
    const first = await bootApplication({ providers, shutdown: { report: { file } } });
    await first.finish();
    const second = await bootApplication({ providers, shutdown: { report: { file } } });

    expect(first.log.warnings).not.toContainEqual(expect.stringContaining('The last stop'));
    expect(second.log.warnings).toEqual([
      expect.stringMatching(
        /^The last stop on record \(a test 1970-01-01 00:16:40 UTC\): failed in \d+ ms\.$/,
      ),
    ]);
  });

  test('warns about a file with other content', async () => {
    const file = join(folder, 'package.json');
    writeFileSync(file, '{"name":"shop"}');
    const { log } = await bootApplication({ providers, shutdown: { report: { file } } });
    expect(log.warnings).toEqual([
      `'${file}' holds no report of the last stop; the next shutdown will replace it. not a shutdown report: it has no \`version\`.`,
    ]);
  });

  test('warns once about an unwritable file, and the run goes on', async () => {
    const file = join(folder, 'none', 'stop.json');
    const { finish, log } = await bootApplication({ shutdown: { report: { file } } });
    expect((await finish()).outcome).toBe('completed');
    expect(log.warnings).toEqual([
      expect.stringMatching(/^The report did not reach report\.file; the shutdown is not affected: ENOENT/),
    ]);
  });

  test('waits for its function during app.close()', async () => {
    const steps: string[] = [];
    const { module, clock } = await bootApplication({
      shutdown: {
        report: {
          onReport: async () => {
            await clock.sleep(300);
            steps.push('told');
          },
        },
      },
    });
    enableGracefulShutdown(module);
    await clock.runUntil(module.close().then(() => steps.push('closed')));
    expect(steps).toEqual(['told', 'closed']);
  });

  test.each<readonly [title: string, report: unknown, path: string, says: string]>([
    [
      'a string',
      'stop.json',
      'report',
      "expected { file, terminationLog, onReport, redact }, got 'stop.json'",
    ],
    ['an unknown key', { files: 'a.json' }, 'report.files', "Did you mean 'file'?"],
    [
      'a file with another extension',
      { file: 'stop.txt' },
      'report.file',
      "ending in .json or .html, got 'stop.txt'",
    ],
    ['a file without a name', { file: '.json' }, 'report.file', "got '.json'"],
    ['a file that is not a string', { file: 7 }, 'report.file', 'got 7'],
    [
      'a termination log without a name',
      { terminationLog: ' ' },
      'report.terminationLog',
      'expected a path, true or false',
    ],
    [
      'an onReport that is not a function',
      { onReport: 'log' },
      'report.onReport',
      "expected a function, got 'log'",
    ],
    [
      'a redact that is not a function',
      { redact: /a/ },
      'report.redact',
      'expected a function, got an object',
    ],
  ])('rejects %s', async (_, report, path, says) => {
    const mistakes = await bootMistakes({ shutdown: { report: report as never } });
    expect(mistakes).toEqual([expect.objectContaining({ path, message: expect.stringContaining(says) })]);
  });
});

describe('events$ and draining$', () => {
  test('go on if a subscriber throws, and report it', async () => {
    const { shutdown, log, finish } = await bootApplication({});
    const heard: string[] = [];
    shutdown.events$.subscribe(fail('a'));
    shutdown.events$.pipe(filter(({ type }) => type === 'run-started')).subscribe({ next: fail('b') });
    shutdown.draining$.subscribe(fail('c'));
    shutdown.events$.pipe(map(fail('d'))).subscribe();
    shutdown.events$.subscribe(({ type }) => heard.push(type));
    expect((await finish()).outcome).toBe('completed');

    const told = log.lines
      .filter(({ text }) => text.startsWith('A listener'))
      .map(({ text }) => text.slice(-3));
    expect(new Set(told)).toEqual(new Set([': a', ': b', ': c', ': d']));
    expect(heard.at(-1)).toBe('run-finished');
  });

  test("pass an operator's error to a subscriber with an error handler", async () => {
    const { shutdown, log, finish } = await bootApplication({});
    const errors: unknown[] = [];
    shutdown.events$.pipe(map(fail('operator'))).subscribe({ error: (error) => errors.push(error) });
    await finish();
    expect(errors).toEqual([new Error('operator')]);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('work with other observables, and end with the subscription', async () => {
    const { shutdown, finish } = await bootApplication({});
    const heard: unknown[] = [];
    const completed: string[] = [];
    merge(of('first'), shutdown.draining$.pipe(map(({ kind }) => kind))).subscribe({
      next: (value) => heard.push(value),
      complete: () => completed.push('merge'),
    });
    shutdown.draining$.subscribe(
      () => undefined,
      undefined,
      () => completed.push('draining'),
    );
    const gone: string[] = [];
    const subscription = shutdown.events$.subscribe(({ type }) => gone.push(type));
    subscription.unsubscribe();
    await finish();
    expect({ heard, completed, gone }).toEqual({
      heard: ['first', 'request'],
      completed: ['merge', 'draining'],
      gone: [],
    });
  });
});
