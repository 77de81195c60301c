/**
 * The starts of an application (`init`, `listen`, `startAllMicroservices`) that are under way. A shutdown
 * waits for them, and from then on nothing starts any more.
 */
export class Startup {
  readonly #pending = new Set<Promise<unknown>>();
  #gate: { readonly status: 'open' } | { readonly status: 'closed'; readonly parked: Promise<unknown> } = {
    status: 'open',
  };

  constructor(
    /** Told how each start ended. */
    private readonly onEnd: (outcome: 'started' | 'failed') => void = () => undefined,
  ) {}

  /**
   * Starts, and remembers it until it has settled. Once the gate is closed nothing is started: the caller
   * gets the promise with which it was closed. A start within one that is waited for goes through.
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

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  /** Resolves when nothing is under way, and closes the gate in the same moment. */
  async close(parked: Promise<unknown>): Promise<void> {
    await this.idle();
    this.shut(parked);
  }

  /** Closes the gate without waiting. */
  shut(parked: Promise<unknown>): void {
    if (this.#gate.status === 'open') this.#gate = { status: 'closed', parked };
  }
}
