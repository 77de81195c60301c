import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';

/** Repeats a piece of work, one turn after the other. `stop()` waits for the current turn. */
export class Loop {
  readonly #logger = new Logger(Loop.name);
  readonly #stopping = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(
    private readonly work: () => Promise<unknown>,
    private readonly pauseMs: number,
  ) {}

  start(): void {
    this.#ended ??= this.#repeat(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // The next turn retries what failed.
      await this.work().catch((error: unknown) => this.#logger.error(error));
      await sleep(this.pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
