import { Observable, Subscriber, type Observer, type Operator, type TeardownLogic } from 'rxjs';
import { callForeign } from '../run/foreign-call.js';

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * An observable whose subscribers cannot harm what they watch. What one throws, also in an operator on the way to it,
 * is handed to `onError` and stops nobody; rxjs would throw it again on its own, which ends the process.
 */
export class IsolatedObservable<T> extends Observable<T> {
  constructor(
    private readonly onError: (error: unknown) => void,
    subscribe?: (subscriber: Subscriber<T>) => TeardownLogic,
  ) {
    super(subscribe);
  }

  /** Keeps the result of an operator isolated as well. If rxjs stops calling `lift`, that result is a plain observable. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new IsolatedObservable<R>(this.onError);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Listener<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): ReturnType<Observable<T>['subscribe']> {
    // A subscriber of rxjs leads to one that was wrapped here.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const { next, error: failed, complete: completed } = observerOf(observerOrNext, error, complete);
    return super.subscribe({
      next: (value) => this.#guard(() => next?.(value)),
      error: (thrown: unknown) =>
        failed === undefined ? this.onError(thrown) : this.#guard(() => failed(thrown)),
      complete: () => this.#guard(() => completed?.()),
    });
  }

  #guard(call: () => unknown): void {
    callForeign(call, this.onError);
  }
}

function observerOf<T>(
  observerOrNext: Listener<T> | undefined,
  error?: ((error: unknown) => void) | null,
  complete?: (() => void) | null,
): Partial<Observer<T>> {
  if (typeof observerOrNext === 'function' || observerOrNext === null || observerOrNext === undefined) {
    return {
      ...(observerOrNext ? { next: observerOrNext } : {}),
      ...(error ? { error } : {}),
      ...(complete ? { complete } : {}),
    };
  }
  const observer = observerOrNext;
  return {
    next: (value) => observer.next?.(value),
    ...(observer.error === undefined ? {} : { error: (thrown: unknown) => observer.error?.(thrown) }),
    complete: () => observer.complete?.(),
  };
}
