import type { OnApplicationBootstrap } from '@nestjs/common';
import { isFromOutside } from '../plan/reason.js';
import type { ShutdownContext, ShutdownTask } from '../plan/task.js';
import { UNREADY_PHASE } from '../plan/phase.js';
import type { Clock } from '../run/clock.js';

/** Whether the application may get traffic. */
export type ReadinessState = 'starting' | 'ready' | 'draining';

/** Where readiness learns what it depends on. */
export interface ReadinessSources {
  /** Aborts as the shutdown begins. */
  readonly signal: AbortSignal;
  /** Whether the server listens; `undefined` where the application has none. */
  readonly isListening: () => boolean | undefined;
}

/**
 * Whether the application may get traffic: ready once it has started (it listens, or is initialised where it
 * has no server) and nobody holds it back, draining from the beginning of the shutdown on.
 */
export class Readiness implements OnApplicationBootstrap {
  readonly #holds = new Map<symbol, string>();
  #bootstrapped = false;

  /** @internal Nest makes it. */
  constructor(private readonly sources: ReadinessSources) {}

  /** Where it stands at this moment. */
  get state(): ReadinessState {
    if (this.sources.signal.aborted) return 'draining';
    const started = this.sources.isListening() ?? this.#bootstrapped;
    return started && this.#holds.size === 0 ? 'ready' : 'starting';
  }

  /** @internal Whether Nest has initialised the application. */
  get isInitialised(): boolean {
    return this.#bootstrapped;
  }

  /** The names of the holds that have not been released. */
  get holds(): readonly string[] {
    return [...this.#holds.values()];
  }

  /**
   * Keeps the application from being ready until the answer is called: while a cache is warmed, or a
   * connection is down. Calling it again does nothing.
   */
  hold(name: string): () => void {
    const key = Symbol(name);
    this.#holds.set(key, name);
    return () => void this.#holds.delete(key);
  }

  /** @internal Nest calls it. */
  onApplicationBootstrap(): void {
    this.#bootstrapped = true;
  }
}

/**
 * The task that waits, while the application still serves, until load balancers have noticed that it is not
 * ready. It does not wait where nobody could have sent traffic, or nobody outside asked for the shutdown.
 *
 * @param shutdownDelay milliseconds
 */
export function shutdownDelayTask(
  shutdownDelay: number,
  { clock, isListening }: { readonly clock: Clock } & Pick<ReadinessSources, 'isListening'>,
): ShutdownTask {
  return {
    name: 'shutdownDelay',
    phase: UNREADY_PHASE,
    expectedMs: shutdownDelay,
    run: ({ reason, signal }: ShutdownContext) => {
      if (!isFromOutside(reason) || isListening() === false) return undefined;
      return new Promise<void>((resolve) => {
        const timer = clock.schedule(resolve, shutdownDelay);
        signal.addEventListener('abort', () => timer.cancel(), { once: true });
      });
    },
  };
}
