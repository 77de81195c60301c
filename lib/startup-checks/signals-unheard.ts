import { take, type Observable } from 'rxjs';
import type { Notice, Notify } from '../notice.js';
import type { Clock } from '../run/clock.js';
import { ENDING_SIGNALS } from './ending-signals.js';
import { finding } from './finding.js';

/** Milliseconds that `main()` has for what it does after `listen()`. */
const GRACE = 1_000;

/** What the check looks at. */
export interface UnheardSignals {
  /** Emits as a server of the app listens, whoever called `listen`. */
  readonly listening$: Observable<void>;
  /** Aborts as the shutdown begins. */
  readonly beginning: AbortSignal;
  readonly clock: Clock;
  /** The signals of the options. */
  readonly wanted: readonly string[];
  /** How many listeners a signal has. */
  readonly listeners: (signal: string) => number;
  readonly notify: Notify;
}

/** Looks, a moment after the app has begun to listen, whether anything listens to the signals that are to stop it. */
export function watchForUnheardSignals(ports: UnheardSignals): void {
  const { listening$, beginning, clock, wanted, listeners, notify } = ports;
  listening$.pipe(take(1)).subscribe(() => {
    if (beginning.aborted) return;
    const timer = clock.schedule(() => checkUnheard(wanted, listeners).forEach(notify), GRACE);
    timer.unref();
    beginning.addEventListener('abort', () => timer.cancel(), { once: true });
  });
}

function checkUnheard(wanted: readonly string[], listeners: (signal: string) => number): readonly Notice[] {
  const signals = ENDING_SIGNALS.filter((signal) => wanted.includes(signal));
  const isHeard = signals.some((signal) => listeners(signal) > 0);
  return signals.length === 0 || isHeard ? [] : [signalsUnheard(signals)];
}

export function signalsUnheard(signals: readonly string[]): Notice {
  return finding(
    'signals-unheard',
    `The app listens, but nothing listens to ${signals.join(' or ')}: the signal ends the process at once, and no phase runs. Call enableGracefulShutdown(app) after the app is created.`,
  );
}
