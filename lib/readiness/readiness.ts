import { failure, type Notice, type Notify } from '../notice.js';
import { errorText } from '../plan/reason-text.js';

/** Whether the app may receive traffic. */
export type ReadinessState = 'starting' | 'ready' | 'draining';

/** What readiness depends on. */
export interface ReadinessSources {
  /** Aborts when the shutdown begins. */
  readonly signal: AbortSignal;
  /** Whether clients can reach a server of the app; `undefined` if it has none. */
  readonly isReached: () => boolean | undefined;
  /** Resolves when clients can reach a server. */
  readonly reached: Promise<void>;
  /** Called when the promise of a hold rejects. */
  readonly onHoldFailed: (error: unknown) => void;
  readonly notify: Notify;
}

/**
 * Whether the app may receive traffic. `ready` once the app is initialised, one of its servers listens (if it has
 * any), and no hold is left. `draining` from the start of the shutdown.
 */
export class Readiness {
  /** @internal Resolves when the app has started: only holds can keep it from being ready. */
  readonly started: Promise<void>;
  readonly #holds = new Map<symbol, string>();
  #onStarted: () => void = () => undefined;
  #waiting: (() => void)[] = [];
  #bootstrapped = false;

  /** @internal Created by Nest. */
  constructor(private readonly sources: ReadinessSources) {
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
    void sources.reached.then(() => this.#changed());
  }

  /** The current state. */
  get state(): ReadinessState {
    if (this.sources.signal.aborted) return 'draining';
    return this.#isStarted && this.#holds.size === 0 ? 'ready' : 'starting';
  }

  /** @internal Whether Nest has initialised the app. */
  get isInitialised(): boolean {
    return this.#bootstrapped;
  }

  /** The names of the holds that are not released. */
  get holds(): readonly string[] {
    return [...this.#holds.values()];
  }

  /** Resolves when the app is ready for the first time. Stays pending if it shuts down before that. */
  whenReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#changed();
    });
  }

  /**
   * Keeps the app from becoming ready until the returned function is called, such as while a cache warms up or a
   * connection is down. Further calls do nothing.
   *
   * With a promise, the hold also ends when the promise resolves. If it rejects, the error is logged, the app never
   * becomes ready, and it shuts down with exit code 1.
   */
  hold(name: string, until?: PromiseLike<unknown>): () => void {
    const key = Symbol(name);
    this.#holds.set(key, name);
    const release = (): void => {
      this.#holds.delete(key);
      this.#changed();
    };
    until?.then(release, (error: unknown) => {
      // A hold that was released before does not wait for the promise.
      if (!this.#holds.has(key)) return;
      this.sources.notify(holdFailed(name, error));
      this.sources.onHoldFailed(error);
    });
    return release;
  }

  /** @internal Nest has initialised the app. */
  bootstrapped(): void {
    this.#bootstrapped = true;
    this.#changed();
  }

  get #isStarted(): boolean {
    return this.#bootstrapped && (this.sources.isReached() ?? true);
  }

  #changed(): void {
    if (this.#isStarted) this.#onStarted();
    if (this.state !== 'ready') return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The promise of a hold rejected. */
function holdFailed(hold: string, error: unknown): Notice {
  return failure(
    'hold-failed',
    `The readiness hold '${hold}' failed, so the app never becomes ready and shuts down: ${errorText(error)}`,
    error,
  );
}
