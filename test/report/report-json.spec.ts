import * as fc from 'fast-check';
import { reportFromJson } from '../../lib/report/read-report.js';
import { reportToJson } from '../../lib/report/report-json.js';
import { ShutdownReportError } from '../../lib/report/report-shape.js';
import { jsonToHtml, reportToHtml } from '../../lib/report-output/html/page.js';
import type { RunningReport, ShutdownReport } from '../../lib/report/shutdown-report.js';
import { endOfEachKind, manyTasks, phase, reasonOfEachKind, report, task, troubled } from './reports.js';

/** The report after it was written as text and read again. */
function stored(written: ShutdownReport | RunningReport): ShutdownReport | RunningReport {
  return reportFromJson(JSON.stringify(reportToJson(written)));
}

/** The error with which the reader refuses something. */
function refusal(input: unknown): ShutdownReportError {
  try {
    reportFromJson(input);
  } catch (error) {
    if (error instanceof ShutdownReportError) return error;
    throw error;
  }
  throw new Error('It was read.');
}

/** What is stored of something thrown. */
function storedError(error: unknown): unknown {
  const { reason } = reportToJson(
    report([], { reason: { kind: 'error', error, origin: 'uncaughtException' } }),
  );
  return reason.kind === 'error' ? reason.error : undefined;
}

/** The JSON of a report, with one place in it set to something else. */
function withPlace(path: readonly (string | number)[], value: unknown): unknown {
  const json: unknown = JSON.parse(JSON.stringify(reportToJson(troubled)));
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<unknown>((place, key) => Reflect.get(Object(place), key), json);
  Reflect.set(Object(parent), last, value);
  return json;
}

describe('a report as JSON', () => {
  test('has a version and all parts of the report, under the same names', () => {
    expect(reportToJson(report([phase('close', { tasks: [task('pool')] })]))).toEqual({
      version: 1,
      reason: { kind: 'close' },
      joinedReasons: [],
      outcome: 'completed',
      startedAt: 1_700_000_000_000,
      durationMs: 10,
      phases: [
        {
          name: 'close',
          mode: 'parallel',
          outcome: 'completed',
          startMs: 0,
          durationMs: 10,
          tasks: [{ name: 'pool', outcome: 'completed', startMs: 0, durationMs: 10 }],
        },
      ],
    });
  });

  test.each<readonly [title: string, written: ShutdownReport | RunningReport]>([
    ['with trouble of every kind', troubled],
    ['without a phase', report([])],
    ['with hundreds of tasks', manyTasks(300)],
    ['of an unfinished run', { ...troubled, outcome: 'running' as const }],
    ...endOfEachKind.map((endedBy) => [`ended by ${endedBy.kind}`, { ...troubled, endedBy }] as const),
    ...reasonOfEachKind.map((reason) => [`because of ${reason.kind}`, report([], { reason })] as const),
  ])('survives a round trip: %s', (_, written) => {
    expect(stored(written)).toEqual(written);
  });

  test('is read back with Error objects that have name, code, stack and causes', () => {
    const cause = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' });
    const error = new Error('no database', { cause });
    const read = stored(report([phase('close', { tasks: [task('pool', { outcome: 'failed', error })] })]));
    const again = read.phases[0]?.tasks[0]?.error;

    expect(again).toBeInstanceOf(Error);
    expect(again?.stack).toBe(error.stack);
    expect(again?.cause).toMatchObject({ name: 'TypeError', message: 'refused', code: 'ECONNREFUSED' });
    expect(again?.cause).toBeInstanceOf(Error);
  });

  test('lists the errors of an AggregateError', () => {
    expect(storedError(new AggregateError([new Error('a'), 'b'], 'both'))).toMatchObject({
      name: 'AggregateError',
      message: 'both',
      errors: [{ message: 'a' }, 'b'],
    });
  });
});

describe('a thrown value in a report', () => {
  test.each([
    ['a text', 'disk full', 'disk full'],
    ['a number', 7, '7'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('disk'), 'Symbol(disk)'],
    ['a big number', 7n, '7'],
    ['an object', { disk: 'full' }, '{"disk":"full"}'],
    [
      'an object without a text',
      Object.assign(Object.create(null), { big: 7n }),
      'a value without a message',
    ],
  ])('is stored as its text: %s', (_, thrown, text) => {
    expect(storedError(thrown)).toBe(text);
  });

  test('is stored if its causes are circular', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(storedError(first)).toMatchObject({
      message: 'first',
      cause: { message: 'second', cause: 'first (circular)' },
    });
  });

  test('is stored if its getters throw', () => {
    const hostile = {
      get: (): never => {
        throw new Error('look away');
      },
    };
    const error: unknown = Object.create(Error.prototype, {
      message: { value: 'disk full' },
      ...Object.fromEntries(['name', 'stack', 'code', 'cause', 'errors'].map((key) => [key, hostile])),
    });
    expect(storedError(error)).toEqual({ name: 'Error', message: 'disk full' });
  });

  test('is stored if it is a proxy that always throws', () => {
    const refuse = (): never => {
      throw new Error('look away');
    };
    const traps = { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse };
    expect(storedError(new Proxy({}, traps))).toBe('a value without a message');
  });

  test('is stored with a limited number of causes', () => {
    let error = new Error('the first');
    for (let index = 0; index < 10_000; index += 1) error = new Error(`then ${index}`, { cause: error });
    expect(JSON.stringify(storedError(error))).toContain('(more causes omitted)');
  });

  test('is shortened if it is very long', () => {
    expect(String(storedError('x'.repeat(1_000_000)))).toHaveLength(8_000);
  });

  test('can always be written and read back', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const reason = { kind: 'error', error: thrown, origin: 'unhandledRejection' } as const;
        const read = stored(report([], { reason }));
        expect(read.reason.kind).toBe('error');
        expect(reportFromJson(reportToHtml(report([], { reason })))).toEqual(read);
      }),
    );
  });
});

describe('secrets in a report', () => {
  test.each([
    [
      'a password',
      'connect postgres://shop:hunter2@db:5432/shop failed',
      'connect postgres://***@db:5432/shop failed',
    ],
    ['a query', 'GET https://api.test/v1?key=abc&x=1 was 500', 'GET https://api.test/v1?*** was 500'],
    ['the query of a path', 'GET /orders?token=abc', 'GET /orders?***'],
    ['a question', 'is it closed? yes/no?', 'is it closed? yes/no?'],
  ])('are removed from URLs and paths: %s', (_, text, kept) => {
    expect(storedError(text)).toBe(kept);
  });

  test('are removed by `redact` from errors, work in flight and reasons', () => {
    const redact = (text: string): string => text.replaceAll(/\d{4}/g, '####');
    const error = new Error('card 4711', { cause: 'card 4712' });
    const items = [{ name: 'charge 4713', ageMs: 1 }];
    const written = report([phase('drain', { tasks: [task('pay', { error, inFlight: items })] })], {
      reason: { kind: 'request', message: 'card 4714' },
      joinedReasons: [
        { kind: 'exit', message: 'card 4715' },
        { kind: 'abort', error: 'card 4716' },
      ],
    });
    expect(JSON.stringify(reportToJson(written, { redact }))).not.toMatch(/471\d/);
    expect(reportToHtml(written, { redact })).not.toMatch(/471\d/);
  });

  test('are not stored if `redact` throws or returns nothing', () => {
    const written = report([], { reason: { kind: 'request', message: 'card 4711' } });
    const redact = (): never => {
      throw new Error('no');
    };
    expect(reportToJson(written, { redact }).reason).toEqual({
      kind: 'request',
      message: '(could not be redacted)',
    });
    const silent = { redact: () => undefined } as never;
    expect(JSON.stringify(reportToJson(written, silent))).not.toContain('4711');
  });

  test('are found in linear time', () => {
    const started = performance.now();
    storedError(`${'a/'.repeat(50_000)} ${'x://'.repeat(50_000)} ${"'/".repeat(50_000)}`);
    // A pattern that goes back and forth needs minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('reportFromJson() rejects an unreadable report with its path and the problem', () => {
  test.each<readonly [title: string, input: unknown, path: string, says: string]>([
    ['nothing', '', '', 'the report is empty.'],
    ['no JSON', '{"version": 1,', '', 'invalid JSON: '],
    ['a foreign page', '<!doctype html><p>Hello', '', 'this page does not contain a shutdown report'],
    ['foreign JSON', '{"name":"shop"}', '', 'it has no `version`'],
    ['a list', [], '', 'expected an object, got a list'],
    ['a text in JSON', '"drain"', '', "expected an object, got 'drain'"],
    ['nothing at all', undefined, '', 'expected an object, got undefined'],
    ['a newer version', { version: 2 }, 'version', 'expected 1, got 2. A newer release'],
    ['a version that is none', { version: '1' }, 'version', "expected a number, got '1'"],
    ['a report cut short', { version: 1 }, 'reason', 'expected an object, got undefined'],
    ['an unknown outcome', withPlace(['outcome'], 'fine'), 'outcome', "or 'running', got 'fine'"],
    ['an unknown reason', withPlace(['reason', 'kind'], 'whim'), 'reason.kind', "got 'whim'"],
    ['phases that are no list', withPlace(['phases'], {}), 'phases', 'expected a list, got an object'],
    [
      'a task without a name',
      withPlace(['phases', 1, 'tasks', 0, 'name'], 7),
      'phases[1].tasks[0].name',
      'expected a string, got 7',
    ],
    [
      'no time',
      withPlace(['phases', 0, 'startMs'], null),
      'phases[0].startMs',
      'expected a number, got null',
    ],
    [
      'an error without a message',
      withPlace(['phases', 1, 'tasks', 0, 'error'], {}),
      'phases[1].tasks[0].error.name',
      'expected a string',
    ],
  ])('%s', (_, input, path, says) => {
    const error = refusal(input);
    expect(error).toMatchObject({ path, code: 'SHUTDOWN_REPORT_UNREADABLE' });
    expect(error.message).toContain(says);
    expect(error.message).not.toContain('\n');
  });

  test('causes that are nested too deeply', () => {
    const deep = `${'{"name":"E","message":"m","cause":'.repeat(50_000)}"end"${'}'.repeat(50_000)}`;
    const text = JSON.stringify(
      withPlace(['reason'], { kind: 'error', origin: 'uncaughtException', error: 'X' }),
    );
    expect(refusal(text.replace('"X"', deep)).message).toMatch(/^unreadable report: /);
  });

  test('any input, always with a ShutdownReportError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (input) => {
        expect(refusal(input)).toBeInstanceOf(ShutdownReportError);
      }),
    );
  });

  test('but ignores unknown keys', () => {
    expect(reportFromJson(withPlace(['later'], 'news'))).toEqual(troubled);
  });
});

describe('an HTML page', () => {
  test('contains the report that it shows', () => {
    expect(reportFromJson(reportToHtml(troubled))).toEqual(troubled);
    expect(reportFromJson(jsonToHtml(reportToJson(troubled)))).toEqual(troubled);
  });

  test('contains the report even if names try to close its data block', () => {
    const names = ['</script><script>alert(1)</script>', '<!--', '\u2028', '&lt;', ']]>'];
    const written = report([phase('</script>', { tasks: names.map((name) => task(name)) })]);
    expect(reportFromJson(reportToHtml(written))).toEqual(written);
  });
});
