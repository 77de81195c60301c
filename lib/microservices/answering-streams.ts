import { Observable, ReplaySubject } from 'rxjs';

/**
 * The Observables that calls are answered with. With the policy `end`, the start of the drain completes them, and
 * callers see a regular end.
 *
 * A stream of many values looks like a single answer until its second value. So a stream that has emitted ends at
 * once, and one that has not ends after its first value.
 */
export class AnsweringStreams {
  readonly #draining = new ReplaySubject<void>(1);

  constructor(readonly policy: 'finish' | 'end') {}

  /** Emits when the drain begins, also to later subscribers. Never emits with the policy `finish`. */
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
          // Values of the same turn belong to the answer.
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
