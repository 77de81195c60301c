import { shortReport } from '../../lib/report/short-report.js';
import { manyTasks, phase, report, task, troubled, unfinished } from './reports.js';

const bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('shortReport()', () => {
  test('lists the most important first: outcome, abandoned tasks, failed tasks, durations', () => {
    expect(shortReport(troubled, 4_096).trimEnd().split('\n')).toEqual([
      'Shutdown timed-out in 6 377 ms.',
      'Reason: SIGTERM 2023-11-14 22:13:20 UTC',
      '- HttpDrain in drain abandoned after 4 999 ms; in flight: GET /orders/:id 4 812 ms, POST /orders 3 301 ms',
      '- Mailer.finish in drain abandoned after 2 000 ms',
      '- Broker.consume in drain failed after 212 ms: The channel could not be closed',
      'unready: 1 004 ms',
      'drain: 5 000 ms, timed-out',
      'flush: 316 ms',
      'close: 57 ms',
      'Also triggered by: POST /admin/stop',
    ]);
  });

  test('names the running phase of an unfinished run', () => {
    expect(shortReport(unfinished, 4_096)).toContain(
      "Shutdown unfinished in phase 'drain', last update after 3 404 ms.",
    );
    expect(shortReport(unfinished, 4_096)).toContain(
      '- HttpDrain in drain running after 2 400 ms; in flight: GET /export',
    );
  });

  test.each([40, 100, 1_000, 4_096])('ends with a whole line within %i bytes', (limit) => {
    const failed = manyTasks(3_000);
    const whole = shortReport(failed, 1_000_000);
    const short = shortReport(failed, limit);
    expect(bytes(short)).toBeLessThanOrEqual(limit);
    expect(whole.startsWith(short)).toBe(true);
    expect(short === '' || short.endsWith('\n')).toBe(true);
  });

  test('counts bytes, not characters', () => {
    const tasks = Array.from({ length: 60 }, (_, index) =>
      task(`Café ☕ ${'é'.repeat(30)} ${index}`, { outcome: 'failed', error: new Error('日本語のエラー') }),
    );
    const short = shortReport(
      report([phase('close', { outcome: 'failed', tasks })], { outcome: 'failed' }),
      4_096,
    );
    expect(bytes(short)).toBeLessThanOrEqual(4_096);
    expect(bytes(short)).toBeGreaterThan(3_800);
  });

  test('shortens a very long line, so that the others fit', () => {
    const error = new Error('x'.repeat(10_000));
    const tasks = [task('a', { outcome: 'failed', error }), task('b', { outcome: 'failed', error })];
    const short = shortReport(
      report([phase('close', { outcome: 'failed', tasks })], { outcome: 'failed' }),
      4_096,
    );
    expect(short).toMatch(/^- a .*…$/m);
    expect(short).toMatch(/^- b .*…$/m);
  });
});
