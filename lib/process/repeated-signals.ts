import type { Clock, Timer } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';
import type { ProcessPort } from './process-port.js';

/** A second signal within this time is the same one, delivered to the process and to its group. */
const REPEAT_WINDOW = 1_000;

/**
 * What a signal means while the process ends: the first one asks, one that comes after a second insists. One that
 * the process sends to itself insists on nothing: another owner of the end, such as Nest's own shutdown hooks, is
 * done and raises again what it was stopped by.
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

  /** Called once for each signal that has come. */
  meaningOf(signal: string): 'asks' | 'repeats' | 'insists' {
    if (this.#own.delete(signal)) return 'repeats';
    if (this.#window.status === 'open') return 'repeats';
    if (this.#window.status === 'over') return 'insists';
    // A loop that was blocked takes in the repetition only after the time is over.
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
