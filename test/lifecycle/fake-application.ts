import type { GuardedApplication } from '../../lib/process/guarded-application.js';
import type { Notice } from '../../lib/notice.js';
import type { ShutdownReason } from '../../lib/plan/reason.js';
import type { ForcedEnd } from '../../lib/report/report-so-far.js';

/** An application that notes why it is closed, and closes when the test says so. */
export class FakeApplication implements GuardedApplication {
  readonly signals: readonly string[] = ['SIGTERM', 'SIGINT'];
  readonly ipc: boolean = false;
  readonly fatalErrors: boolean = false;
  readonly abortSignal: AbortSignal | undefined = undefined;
  readonly exit: GuardedApplication['exit'] = 'code';
  readonly exitLimit: number = 29_500;
  /** What the guard of its process had to say. */
  readonly notices: Notice[] = [];
  readonly log: GuardedApplication['log'] = {
    place: this,
    notice: (notice) => void this.notices.push(notice),
  };
  /** Why it was asked to close, as often as it was asked. */
  readonly reasons: ShutdownReason[] = [];

  /** What ended the process while it was there. */
  readonly ends: ForcedEnd[] = [];

  readonly #name: string;
  readonly #closed: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #state: 'open' | 'clean' | 'unclean' = 'open';

  constructor(
    options: Partial<Omit<GuardedApplication, 'close' | 'isClean' | 'running' | 'onForcedEnd'>> & {
      readonly name?: string;
    } = {},
  ) {
    const { name = 'app', ...settings } = options;
    Object.assign(this, settings);
    this.#name = name;
    this.#closed = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever closes it handles that; a test may also fail it before.
    this.#closed.catch(() => undefined);
  }

  readonly close = (reason: ShutdownReason): Promise<void> => {
    this.reasons.push(reason);
    return this.#closed;
  };

  readonly isClean = (): boolean => this.#state === 'clean';

  readonly running = (): readonly string[] => (this.#state === 'open' ? [`${this.#name}.task`] : []);

  readonly onForcedEnd = (end: ForcedEnd): void => void this.ends.push(end);

  /** Ends its close. */
  finish(state: 'clean' | 'unclean' = 'clean'): void {
    this.#state = state;
    this.#resolve();
  }

  /** Makes its close reject, though every task completed. */
  fail(error: unknown): void {
    this.#state = 'clean';
    this.#reject(error);
  }
}
