import type { Clock, Timer } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';
import type { ProcessPort } from './process-port.js';

/** A second signal within this many milliseconds is the same one, delivered to the process and to its group. */
const REPEAT_WINDOW = 1_000;

/**
 * What a signal means while the process is ending: the first one asks, one that arrives at least 1 s
 * later insists. A
 * signal that the process sends to itself never insists: another owner of the end, such as Nest's shutdown hooks, has
 * finished and re-raises the signal that stopped it.
 */
export class RepeatedSignals {
  readonly #own = new Set<string>();
  readonly #unlisten: () => void;
  #window: { readonly status: 'unopened' | 'over' } | { readonly status: 'open'; readonly timer: Timer } = {
    status: 'unopened',
  };

  constructor(
    port: ProcessPort,
    private readonly clock: Clock,
  ) {
    this.#unlisten = port.onOwnSignal((signal) => void this.#own.add(signal));
  }

  /** Call exactly once per received signal. */
  meaningOf(signal: string): 'asks' | 'repeats' | 'insists' {
    if (this.#own.delete(signal)) return 'repeats';
    if (this.#window.status === 'open') return 'repeats';
    if (this.#window.status === 'over') return 'insists';
    // A blocked event loop handles the repeated signal only after the window has passed.
    const timer = whenOver(this.clock, () => (this.#window = { status: 'over' }), REPEAT_WINDOW);
    timer.unref();
    this.#window = { status: 'open', timer };
    return 'asks';
  }

  stop(): void {
    this.#unlisten();
    if (this.#window.status === 'open') this.#window.timer.cancel();
  }
}
