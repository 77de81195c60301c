import * as fc from 'fast-check';
import { teardownFailed } from '../../lib/lifecycle/lifecycle-notices.js';
import { fatalError } from '../../lib/process/process-notices.js';
import { ShutdownLog } from '../../lib/logging/shutdown-log.js';
import { errorText, reasonText } from '../../lib/plan/reason-text.js';
import { reportToHtml } from '../../lib/report-output/html/page.js';
import { reportFromJson } from '../../lib/report/read-report.js';
import { reportToJson } from '../../lib/report/report-json.js';
import { shortReport } from '../../lib/report/short-report.js';
import type { ShutdownReport } from '../../lib/report/shutdown-report.js';
import { timeline } from '../../lib/report/timeline.js';
import { toError } from '../../lib/run/errors.js';
import { runPlan } from '../../lib/testing/run-plan.js';
import { HOSTILE, thrown } from '../hostile.js';

type Line = readonly [level: string, ...args: readonly unknown[]];

/** The report of a run whose only task throws this value. */
async function ranWith(value: unknown) {
  const { report, recorder } = await runPlan({
    phases: [{ name: 'work', timeout: 100 }],
    tasks: [
      {
        name: 'Bad.run',
        phase: 'work',
        run: () => {
          throw value;
        },
      },
    ],
  });
  const error = report.phases[0]?.tasks[0]?.error;
  if (error === undefined) throw new Error('The task has no error.');
  return { report, error, events: recorder.events };
}

function recorded(): { readonly log: ShutdownLog; readonly lines: Line[] } {
  const lines: Line[] = [];
  const method =
    (level: string) =>
    (...args: readonly unknown[]): void =>
      void lines.push([level, ...args]);
  const logger = { log: method('log'), warn: method('warn'), error: method('error') };
  return { log: new ShutdownLog(logger), lines };
}

/** Every output of a report. Each must name the task. */
function outputs(report: ShutdownReport): readonly string[] {
  return [
    timeline(report),
    shortReport(report, 4_096),
    JSON.stringify(reportToJson(report)),
    reportToHtml(report),
    timeline(reportFromJson(reportToJson(report))),
  ];
}

async function holds(value: unknown): Promise<void> {
  const { report, error, events } = await ranWith(value);

  // What others are given can be read like any other error, and leads to what was thrown.
  expect([typeof error.name, typeof error.message, typeof (error.stack ?? '')]).toEqual(
    Array.from({ length: 3 }, () => 'string'),
  );
  expect(String(error)).toEqual(expect.any(String));
  expect(error === value || error.cause === value).toBe(true);

  const { log, lines } = recorded();
  for (const event of events) log.event(event);
  log.reported(report);
  log.notice(teardownFailed(value));
  log.notice(fatalError({ error: value, origin: 'uncaughtException', second: false }));
  expect(lines.map(([level, text]) => `${level} ${String(text).split(':')[0]}`)).toEqual([
    'log Shutting down',
    "error 'Bad.run' in phase 'work' failed",
    'warn Shut down in 0 ms',
    'error Nest could not close the application',
    'error Uncaught exception',
  ]);
  for (const args of lines) {
    for (const text of args) expect(typeof text).toBe('string');
    expect(String(args[1]).length).toBeLessThan(20_000);
  }

  for (const output of outputs(report)) expect(output).toContain('Bad.run');
  expect(JSON.stringify(reportToJson(report)).length).toBeLessThan(3_000_000);

  const reason = { kind: 'error', error: value, origin: 'unhandledRejection' } as const;
  expect(reasonText(reason)).toMatch(/^an unhandled rejection, /);
  for (const output of outputs({ ...report, reason })) expect(output).toContain('Bad.run');
}

describe('rule 6: no thrown value breaks a log or a report', () => {
  test.each(Object.keys(HOSTILE))(
    '%s is in the log, the timeline, the JSON, the page and the short form',
    async (name) => {
      expect.hasAssertions();
      await holds(HOSTILE[name]?.());
    },
  );

  test('any thrown value is in all of them', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(thrown, (make) => holds(make())),
      { numRuns: 80 },
    );
  });
});

describe('the text of an error', () => {
  test.each<readonly [string, unknown, string]>([
    [
      'the entries of a message that is a list',
      HOSTILE['an error whose message is a list']?.(),
      'a is missing; b is empty',
    ],
    [
      'the JSON of a message that is an object',
      HOSTILE['an error whose message is an object']?.(),
      '{"code":"E1"}',
    ],
    ['its name if it has no message', Object.assign(new TypeError('x'), { message: undefined }), 'TypeError'],
    ['its code if it has no message', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'the messages of its errors if it has no message',
      HOSTILE['an AggregateError without a message']?.(),
      'no v4; no v6',
    ],
    [
      'the entries of a thrown list',
      HOSTILE['a list of constraint errors']?.(),
      'name is wrong: name must be a string',
    ],
    [
      'its message with its cause',
      new Error('no order', { cause: new TypeError('no row') }),
      'no order (cause: TypeError: no row)',
    ],
    [
      'its message alone if that ends with the cause',
      new Error('no order: no row', { cause: new Error('no row') }),
      'no order: no row',
    ],
    [
      'free of escape sequences',
      HOSTILE['a message with commands for the terminal']?.(),
      'red\u{FFFD}\nand more',
    ],
  ])('is %s', (_, error, text) => {
    expect(errorText(error)).toBe(text);
  });

  test('keeps its stack if a ShutdownTaskError wraps it', () => {
    const odd = Object.assign(new Error('x'), { message: ['a'] });
    expect(toError(odd)).toMatchObject({ message: 'a', code: 'SHUTDOWN_TASK_FAILED', stack: odd.stack });
  });

  test.each([
    'a frozen error',
    'an error of another realm',
    'a DOMException',
    'an error whose cause is itself',
  ])('comes from the error itself if that is readable: %s', (name) => {
    const error = HOSTILE[name]?.();
    expect(toError(error)).toBe(error);
  });
});
