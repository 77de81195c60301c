import { duration } from '../plan/time-budget.js';
import type { Timer } from './clock.js';
import type { AwaitedTask } from './events.js';
import type { EventSource } from './task-events.js';

/** Emits at regular intervals what a run still waits for. */
export class Progress {
  #timer: Timer | undefined;

  constructor(
    private readonly source: EventSource,
    private readonly settings: {
      /** Milliseconds. */
      readonly interval: number;
      readonly awaited: () => readonly AwaitedTask[];
    },
  ) {}

  start(): void {
    this.#schedule(this.source.clock.now());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(startedAt: number): void {
    const { clock, emit } = this.source;
    this.#timer = clock.schedule(() => {
      const at = clock.now();
      const elapsedMs = duration(at - startedAt);
      emit({ type: 'run-progress', at, elapsedMs, awaited: this.settings.awaited() });
      this.#schedule(startedAt);
    }, this.settings.interval);
  }
}
