import { Subject, lastValueFrom, map, of, switchMap, takeUntil, tap, toArray } from 'rxjs';
import { IsolatedObservable } from '../../lib/lifecycle/isolated-observable.js';

/** An Observable over a subject, with the errors that it was spared. */
function safe() {
  const source = new Subject<number>();
  const errors: unknown[] = [];
  const values = new IsolatedObservable<number>(
    (error) => void errors.push(error),
    (subscriber) => source.subscribe(subscriber),
  );
  return { source, errors, values };
}

const fail = (): never => {
  throw new Error('careless');
};

const ONCE = [expect.objectContaining({ message: 'careless' })];

describe('a subscriber that throws changes nothing', () => {
  test('for those who subscribe beside it', () => {
    const { source, errors, values } = safe();
    const heard: number[] = [];
    values.subscribe(fail);
    values.subscribe((value) => void heard.push(value));
    source.next(1);
    source.next(2);
    expect(heard).toEqual([1, 2]);
    expect(errors).toHaveLength(2);
  });

  test.each([
    ['next', { next: fail }],
    ['complete', { complete: fail }],
  ])('in %s of an observer', (_, observer) => {
    const { source, errors, values } = safe();
    values.subscribe(observer);
    source.next(1);
    source.complete();
    expect(errors).toEqual(ONCE);
  });

  test('at the end of a pipe', () => {
    const { source, errors, values } = safe();
    values.pipe(map((value) => value * 2)).subscribe(fail);
    source.next(1);
    expect(errors).toEqual(ONCE);
  });

  test('in an operator, whose stream ends with it', () => {
    const { source, errors, values } = safe();
    const heard: number[] = [];
    values.pipe(tap(fail)).subscribe((value) => void heard.push(value));
    source.next(1);
    source.next(2);
    expect(errors).toEqual(ONCE);
    expect(heard).toEqual([]);
  });

  test('where it handles the error of an operator itself, and throws again', () => {
    const { source, errors, values } = safe();
    const seen: unknown[] = [];
    values.pipe(tap(fail)).subscribe({ error: (error) => void seen.push(error) });
    values.pipe(tap(fail)).subscribe({ error: fail });
    source.next(1);
    expect(seen).toEqual(ONCE);
    expect(errors).toEqual(ONCE);
  });
});

test('it is an Observable like any other', async () => {
  const { source, values } = safe();
  const stop = new Subject<void>();
  const all = lastValueFrom(
    values.pipe(
      switchMap((value) => of(value, -value)),
      takeUntil(stop),
      toArray(),
    ),
  );
  source.next(1);
  source.next(2);
  stop.next();
  expect(await all).toEqual([1, -1, 2, -2]);
  expect(source.observed).toBe(false);
});
