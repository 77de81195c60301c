import { reportToHtml } from '../../lib/report-output/html/page.js';
import { jsonInPage } from '../../lib/report/page-data.js';
import { endOfEachKind, manyTasks, phase, report, task, troubled, unfinished } from './reports.js';

/** The page without the data that it holds for programs. */
function shown(page: string): string {
  return page.replace(jsonInPage(page) ?? '', '');
}

const MARKUP = `<img src=x onerror=alert(1)>"'&<script>alert(1)</script>`;

describe('reportToHtml()', () => {
  test('loads nothing and contains no script', () => {
    const page = reportToHtml(troubled);
    expect(page).not.toMatch(/\b(src|href)="(?!#|data:)/);
    expect(page).not.toMatch(/@import|url\(|\bon[a-z]+="/);
    expect(page.match(/<script[^>]*>/g)).toEqual([
      '<script type="application/json" id="phased-shutdown-report">',
    ]);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  });

  test('shows every phase and task, with errors, causes and work in flight', () => {
    const page = shown(reportToHtml(troubled));
    for (const { name, tasks } of troubled.phases) {
      expect(page).toContain(`<bdi>${name}</bdi>`);
      for (const each of tasks) expect(page).toContain(`<bdi>${each.name}</bdi>`);
    }
    expect(page).toContain('The channel could not be closed');
    expect(page).toContain('connect ECONNREFUSED 127.0.0.1:5672');
    expect(page).toContain('GET /orders/:id');
  });

  test('draws bars to scale', () => {
    const page = reportToHtml(
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
    const page = shown(reportToHtml(written));
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(jsonInPage(reportToHtml(written))).not.toMatch(/[<>]/);
  });

  test('handles a run without phases, and a time beyond the range of Date', () => {
    expect(reportToHtml(report([], { startedAt: 1e20 }))).toContain('No phase has started.');
  });

  test('collapses completed tasks if there are hundreds, and omits none', () => {
    const page = shown(reportToHtml(manyTasks(300)));
    expect(page).toContain('260 more, each');
    expect(page.match(/<details class="task/g)).toHaveLength(300);
    // Those that failed come before the fold.
    expect(page.lastIndexOf('is-failed matters')).toBeLessThan(page.indexOf('class="rest"'));
  });

  test('renders thousands of tasks in linear time', () => {
    const started = performance.now();
    expect(reportToHtml(manyTasks(5_000)).length).toBeGreaterThan(1_000_000);
    // What grows with the square of the tasks takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('names the running phase of an unfinished run', () => {
    const page = shown(reportToHtml(unfinished));
    expect(page).toContain('<h1>Unfinished');
    expect(page).toContain('The shutdown was in phase &#39;drain&#39; when this report was written.');
    expect(page).toContain('not reached');
  });

  test.each(endOfEachKind)('shows what ended the process: $kind', (endedBy) => {
    const page = shown(reportToHtml({ ...unfinished, endedBy }));
    expect(page).toContain('<h1>Cut short');
    expect(page).toContain(
      'The process was ended before it could exit on its own, in phase &#39;drain&#39;:',
    );
  });
});
