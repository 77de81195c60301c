import { jsonInPage } from '../../lib/report/html/page-data.js';
import { endOfEachKind, manyTasks, pageOf, phase, report, task, troubled, unfinished } from './reports.js';

/** The page without the data that it holds for programs. */
function shown(page: string): string {
  return page.replace(jsonInPage(page) ?? '', '');
}

const MARKUP = `<img src=x onerror=alert(1)>"'&<script>alert(1)</script>`;

describe('the page', () => {
  test('loads nothing and runs nothing', () => {
    const page = pageOf(troubled);
    expect(page).not.toMatch(/\b(src|href)="(?!#|data:)/);
    expect(page).not.toMatch(/@import|url\(|\bon[a-z]+="/);
    expect(page.match(/<script[^>]*>/g)).toEqual([
      '<script type="application/json" id="phased-shutdown-report">',
    ]);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  });

  test('names every phase and task, with errors, causes and what was in flight', () => {
    const page = shown(pageOf(troubled));
    for (const { name, tasks } of troubled.phases) {
      expect(page).toContain(`<bdi>${name}</bdi>`);
      for (const each of tasks) expect(page).toContain(`<bdi>${each.name}</bdi>`);
    }
    expect(page).toContain('The channel could not be closed');
    expect(page).toContain('connect ECONNREFUSED 127.0.0.1:5672');
    expect(page).toContain('GET /orders/:id');
  });

  test('draws bars to scale', () => {
    const page = pageOf(
      report([
        phase('drain', { durationMs: 750, tasks: [task('a', { startMs: 250, durationMs: 500 })] }),
        phase('close', { startMs: 750, durationMs: 250 }),
      ]),
    );
    expect(page.match(/(?<=class="bar" style=")[^"]+/g)).toEqual([
      'left:0%;width:75%',
      'left:25%;width:50%',
      'left:75%;width:25%',
    ]);
  });

  test.each([
    ['of a phase', report([phase(MARKUP)])],
    ['of a task', report([phase('close', { tasks: [task(MARKUP)] })])],
    [
      'of an error',
      report([phase('close', { tasks: [task('a', { outcome: 'failed', error: new Error(MARKUP) })] })]),
    ],
    [
      'of a cause',
      report([
        phase('close', {
          tasks: [task('a', { outcome: 'failed', error: new Error('a', { cause: MARKUP }) })],
        }),
      ]),
    ],
    [
      'of work in flight',
      report([phase('close', { tasks: [task('a', { inFlight: [{ name: MARKUP, ageMs: 1 }] })] })]),
    ],
    ['of a reason', report([], { reason: { kind: 'request', message: MARKUP } })],
    ['of a later reason', report([], { joinedReasons: [{ kind: 'request', message: MARKUP }] })],
    ['of a leftover', report([], { endedBy: { kind: 'kept-alive', atMs: 1, leftovers: [MARKUP] } })],
    ['of a signal', report([], { reason: { kind: 'signal', signal: MARKUP } })],
  ])('escapes markup in the text %s', (_, written) => {
    const page = shown(pageOf(written));
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(jsonInPage(pageOf(written))).not.toMatch(/[<>]/);
  });

  test('tells of a run without phases, and of a time that no calendar has', () => {
    expect(pageOf(report([], { startedAt: 1e20 }))).toContain('No phase had begun.');
  });

  test('folds what completed where there are hundreds, and leaves out nothing', () => {
    const page = shown(pageOf(manyTasks(300)));
    expect(page).toContain('260 more, each');
    expect(page.match(/<details class="task/g)).toHaveLength(300);
    // Those that failed come before the fold.
    expect(page.lastIndexOf('is-failed matters')).toBeLessThan(page.indexOf('class="rest"'));
  });

  test('is written in no time for thousands of tasks', () => {
    const started = performance.now();
    expect(pageOf(manyTasks(5_000)).length).toBeGreaterThan(1_000_000);
    // What grows with the square of the tasks takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('says where a run stood that did not end', () => {
    const page = shown(pageOf(unfinished));
    expect(page).toContain('<h1>Not finished');
    expect(page).toContain('the shutdown was in the phase &#39;drain&#39;');
    expect(page).toContain('not reached');
  });

  test.each(endOfEachKind)('says what ended the process: $kind', (endedBy) => {
    const page = shown(pageOf({ ...unfinished, endedBy }));
    expect(page).toContain('<h1>Ended by force');
    expect(page).toContain('The process was ended before it left by itself, in the phase &#39;drain&#39;:');
  });
});
