/**
 * The starts of an application (`init`, `listen`, `startAllMicroservices`) in progress. A shutdown waits for them;
 * after that, nothing starts any more.
 */
export class Startup {
  readonly #pending = new Set<Promise<unknown>>();
  #gate: { readonly status: 'open' } | { readonly status: 'closed'; readonly parked: Promise<unknown> } = {
    status: 'open',
  };

  constructor(
    /** Called with the outcome of each start. */
    private readonly onEnd: (outcome: 'started' | 'failed') => void = () => undefined,
  ) {}

  /**
   * Starts, and tracks it until it settles. After the gate has closed, nothing starts: the caller receives the
   * promise that closed the gate. A nested start inside a tracked one passes.
   */
  track(start: () => unknown): Promise<unknown> {
    if (this.#gate.status === 'closed') return this.#gate.parked;
    const pending = Promise.resolve().then(start);
    this.#pending.add(pending);
    const done = (outcome: 'started' | 'failed'): void => {
      this.#pending.delete(pending);
      this.onEnd(outcome);
    };
    pending.then(
      () => done('started'),
      () => done('failed'),
    );
    return pending;
  }

  get isUnderWay(): boolean {
    return this.#pending.size > 0;
  }

  /** Resolves when no start is in progress. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  /** Waits until no start is in progress, then closes the gate in the same tick. */
  async close(parked: Promise<unknown>): Promise<void> {
    await this.idle();
    this.shut(parked);
  }

  /** Closes the gate without waiting. */
  shut(parked: Promise<unknown>): void {
    if (this.#gate.status === 'open') this.#gate = { status: 'closed', parked };
  }
}
