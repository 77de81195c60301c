import { take, type Observable } from 'rxjs';
import type { Finding, Notice } from '../logging/notice.js';
import type { Clock } from '../run/clock.js';

/** What `main()` does after `listen()` has a moment for it. */
const GRACE = 1_000;

/** Looks at the process a moment after the application has begun to listen, unless it shuts down by then. */
export function diagnoseWhenListening({
  listening$,
  beginning,
  clock,
  diagnose,
  notify,
}: {
  /** Emits as a server of the application listens, whoever called `listen`. */
  readonly listening$: Observable<void>;
  /** Aborts as the shutdown begins. */
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
