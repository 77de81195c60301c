import { Observable, ReplaySubject } from 'rxjs';

/**
 * The streams that calls are answered with. Where they are to end, they are completed as the drain begins, and the
 * caller sees a regular end.
 *
 * Nothing tells a stream of many values from one that brings a single answer. So one that has answered ends at once,
 * and one that has not ends behind its first value.
 */
export class AnsweringStreams {
  readonly #draining = new ReplaySubject<void>(1);

  constructor(readonly policy: 'finish' | 'end') {}

  /** Emits as the drain begins, also to a stream that was on its way, where streams are to end. */
  get ending$(): Observable<void> {
    return this.#draining.asObservable();
  }

  /** The drain begins. */
  end(): void {
    if (this.policy === 'end') this.#draining.next();
  }

  limited<T>(answer: Observable<T>): Observable<T> {
    if (this.policy === 'finish') return answer;
    return new Observable((subscriber) => {
      let status: 'silent' | 'answered' = 'silent';
      let isEnding = false;
      const ending = this.#draining.subscribe(() => {
        isEnding = true;
        if (status === 'answered') subscriber.complete();
      });
      const values = answer.subscribe({
        next: (value) => {
          subscriber.next(value);
          // What comes in the same turn belongs to the answer.
          if (isEnding && status === 'silent') setImmediate(() => subscriber.complete());
          status = 'answered';
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        ending.unsubscribe();
        values.unsubscribe();
      };
    });
  }
}
