import { take, type Observable } from 'rxjs';
import type { Finding, Notice } from '../logging/notice.js';
import type { Clock } from '../run/clock.js';

/** Milliseconds that leave `main()` time for what it does after `listen()`. */
const GRACE = 1_000;

/** Checks the process shortly after the application starts listening, unless it shuts down before. */
export function diagnoseWhenListening({
  listening$,
  beginning,
  clock,
  diagnose,
  notify,
}: {
  /** Emits when a server of the application listens, whoever called `listen`. */
  readonly listening$: Observable<void>;
  /** Aborts when the shutdown begins. */
  readonly beginning: AbortSignal;
  readonly clock: Clock;
  readonly diagnose: () => readonly Finding[];
  readonly notify: (notice: Notice) => void;
}): void {
  listening$.pipe(take(1)).subscribe(() => {
    if (beginning.aborted) return;
    const timer = clock.schedule(() => diagnose().forEach(notify), GRACE);
    timer.unref();
    beginning.addEventListener('abort', () => timer.cancel(), { once: true });
  });
}
