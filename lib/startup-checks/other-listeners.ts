import type { Notice } from '../notice.js';
import { ENDING_SIGNALS } from './ending-signals.js';
import { finding } from './finding.js';

/** What the check knows of the signals. */
export interface SignalListeners {
  /** The signals that we listen to, each with one listener. */
  readonly own: ReadonlySet<string>;
  /** How many listeners a signal has, ours among them. */
  readonly count: (signal: string) => number;
}

/**
 * Fires when something else listens to the signals that we listen to. Each signal is reported once, however often
 * the check runs: a listener that was added after startup is found as the shutdown begins.
 */
export class OtherListenersCheck {
  readonly #reported = new Set<string>();

  check({ own, count }: SignalListeners): readonly Notice[] {
    const signals = ENDING_SIGNALS.filter(
      (signal) => own.has(signal) && count(signal) > 1 && !this.#reported.has(signal),
    );
    for (const signal of signals) this.#reported.add(signal);
    return signals.length > 0 ? [otherListeners(signals)] : [];
  }
}

export function otherListeners(signals: readonly string[]): Notice {
  return finding(
    'other-listeners',
    `Something else listens to ${signals.join(' and ')} as well, and may end the process while the phases run. Turn it into an @OnShutdown() handler, and leave the signals to enableGracefulShutdown(app).`,
  );
}
