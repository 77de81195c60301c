import { failure, type Notice, type Notify } from '../notice.js';
import { errorText } from '../plan/reason-text.js';
/** Whether the application may get traffic. */
export type ReadinessState = 'starting' | 'ready' | 'draining';

/** Where readiness learns what it depends on. */
export interface ReadinessSources {
  /** Aborts as the shutdown begins. */
  readonly signal: AbortSignal;
  /** Whether a server of the application can be reached; `undefined` where it has none. */
  readonly isReached: () => boolean | undefined;
  /** Resolves as a server can be reached. */
  readonly reached: Promise<void>;
  /** What a hold waited for was rejected. */
  readonly onHoldFailed: (error: unknown) => void;
  readonly notify: Notify;
}

/**
 * Whether the application may get traffic: `ready` once it is initialised, one of its servers listens (where it has
 * any), and nothing holds it back; `draining` from the beginning of the shutdown on.
 */
export class Readiness {
  /** @internal Resolves when the application has started: it would be ready if nothing held it back. */
  readonly started: Promise<void>;
  readonly #holds = new Map<symbol, string>();
  #onStarted: () => void = () => undefined;
  #waiting: (() => void)[] = [];
  #bootstrapped = false;

  /** @internal Nest makes it. */
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

  /** @internal Whether Nest has initialised the application. */
  get isInitialised(): boolean {
    return this.#bootstrapped;
  }

  /** The names of the holds that have not been released. */
  get holds(): readonly string[] {
    return [...this.#holds.values()];
  }

  /** Resolves when the application is ready for the first time. Stays pending if it shuts down before. */
  whenReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#changed();
    });
  }

  /**
   * Keeps the application from being ready until the returned function is called: while a cache warms up, or a
   * connection is down. Further calls do nothing.
   *
   * With a promise the hold ends by itself when the promise resolves. If it rejects, the error is logged, the
   * application never becomes ready, and it shuts down with exit code 1.
   */
  hold(name: string, until?: PromiseLike<unknown>): () => void {
    const key = Symbol(name);
    this.#holds.set(key, name);
    const release = (): void => {
      this.#holds.delete(key);
      this.#changed();
    };
    until?.then(release, (error: unknown) => {
      // Released by hand, or too late to matter: nobody waits for it.
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

/** What readiness waited for was rejected. */
export function holdFailed(hold: string, error: unknown): Notice {
  return failure(
    'hold-failed',
    `The readiness hold '${hold}' failed, so the app never becomes ready and shuts down: ${errorText(error)}`,
    error,
  );
}
