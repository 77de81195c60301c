import {
  Observable,
  Subscriber,
  type Observer,
  type Operator,
  type Subscription,
  type TeardownLogic,
} from 'rxjs';

type Next<T> = ((value: T) => void) | null;

/**
 * An Observable whose subscribers may throw, also behind a `pipe`: rxjs would throw it again from a timer, as an
 * uncaught exception that ends the process in the middle of its shutdown.
 */
export class SafeObservable<T> extends Observable<T> {
  constructor(
    private readonly onError: (error: unknown) => void,
    subscribe?: (subscriber: Subscriber<T>) => TeardownLogic,
  ) {
    super(subscribe);
  }

  /** What `pipe` makes of this one is as safe; an rxjs that goes another way there is left to its own. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SafeObservable<R>(this.onError);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | Next<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // That of an operator hands errors down to the one at its end.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const observer: Partial<Observer<T>> =
      typeof observerOrNext === 'object' && observerOrNext !== null
        ? observerOrNext
        : {
            ...(observerOrNext && { next: observerOrNext }),
            ...(error && { error }),
            ...(complete && { complete }),
          };
    return super.subscribe({
      next: (value) => this.#safely(() => observer.next?.(value)),
      error: (thrown: unknown) =>
        observer.error === undefined ? this.onError(thrown) : this.#safely(() => observer.error?.(thrown)),
      complete: () => this.#safely(() => observer.complete?.()),
    });
  }

  #safely(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.onError(error);
    }
  }
}
