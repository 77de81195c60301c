import { from, NEVER, Subject, throwError, type Observable } from 'rxjs';
import { AnsweringStreams } from '../../lib/microservices/answering-streams.js';

/** What a caller sees of an answer. */
function seenOf(answer: Observable<unknown>): readonly unknown[] {
  const seen: unknown[] = [];
  answer.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(`error ${String(error)}`),
    complete: () => seen.push('end'),
  });
  return seen;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a stream that has emitted ends when the drain begins', () => {
  const answers = new AnsweringStreams('end');
  const ticks = new Subject<number>();
  const seen = seenOf(answers.limited(ticks));
  ticks.next(1);
  answers.end();
  expect(seen).toEqual([1, 'end']);
  expect(ticks.observed).toBe(false);
});

test('an answer of one value is not cut before it arrives', async () => {
  const answers = new AnsweringStreams('end');
  const answer = new Subject<number>();
  const seen = seenOf(answers.limited(answer));
  answers.end();
  await turn();
  expect(seen).toEqual([]);
  answer.next(1);
  await turn();
  expect(seen).toEqual([1, 'end']);
});

test('a stream that starts during the drain ends after the values of its first turn', async () => {
  const answers = new AnsweringStreams('end');
  answers.end();
  const ticks = new Subject<number>();
  const [endless, whole] = [seenOf(answers.limited(ticks)), seenOf(answers.limited(from([1, 2, 3])))];
  ticks.next(1);
  await turn();
  ticks.next(2);
  expect(endless).toEqual([1, 'end']);
  expect(whole).toEqual([1, 2, 3, 'end']);
});

test('an error passes through a limited stream', () => {
  const answers = new AnsweringStreams('end');
  answers.end();
  expect(seenOf(answers.limited(throwError(() => 'no')))).toEqual(['error no']);
});

test('the policy `finish` leaves every stream unchanged', () => {
  const answers = new AnsweringStreams('finish');
  expect(answers.limited(NEVER)).toBe(NEVER);
});
