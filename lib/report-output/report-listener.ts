import { milliseconds } from '../plan/plan-text.js';
import type { Clock } from '../run/clock.js';
import type { ReportOptions } from './report.options.js';

/** Upper bound in milliseconds for `onReport`. */
const LIMIT = 1_000;

/** Calls the user's `onReport` and tracks the promises it returns. */
export class ReportListener {
  readonly #pending = new Set<Promise<void>>();

  constructor(
    private readonly onReport: ReportOptions['onReport'],
    private readonly ports: { readonly clock: Clock; readonly onError: (error: unknown) => void },
  ) {}

  get isThere(): boolean {
    return this.onReport !== undefined;
  }

  call(report: Parameters<NonNullable<ReportOptions['onReport']>>[0]): void {
    try {
      const pending = Promise.resolve(this.onReport?.(report)).then(() => undefined, this.ports.onError);
      this.#pending.add(pending);
      void pending.then(() => this.#pending.delete(pending));
    } catch (error) {
      this.ports.onError(error);
    }
  }

  async settled(): Promise<void> {
    if (this.#pending.size === 0) return;
    const { clock, onError } = this.ports;
    await new Promise<void>((resolve) => {
      const timer = clock.schedule(() => {
        onError(new Error(`it did not end within ${milliseconds(LIMIT)}`));
        resolve();
      }, LIMIT);
      void Promise.all(this.#pending).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
