import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { Notice } from '../logging/notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import { startRun, type RunRequest } from './run-request.js';
import type { ShutdownTarget } from './shutdown-target.js';

/**
 * The Nest hooks of the module. They start the run, or join one that started earlier: in `onModuleDestroy` if the
 * module comes before all others, otherwise in `beforeApplicationShutdown`.
 */
export class ShutdownHooks
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  #request: RunRequest | undefined;
  #start: { readonly status: 'awaited'; readonly callbacks: (() => void)[] } | { readonly status: 'over' } = {
    status: 'awaited',
    callbacks: [],
  };

  constructor(
    private readonly target: ShutdownTarget,
    private readonly settings: {
      readonly runAt: 'module-destroy' | 'before-application-shutdown';
      /** Whether Nest calls our module's hooks before those of any other module. */
      readonly standsInFront: boolean;
      readonly notify: (notice: Notice) => void;
    },
  ) {}

  /** Sets the reason and deadline of a run that starts in a hook: Nest passes on the signal at most. */
  expect(request: RunRequest): void {
    this.#request ??= request;
  }

  /** Calls back when the application has started, or immediately if it has. */
  whenStarted(callback: () => void): void {
    if (this.#start.status === 'over') callback();
    else this.#start.callbacks.push(callback);
  }

  onModuleInit(): void {
    this.target.prepare();
  }

  onApplicationBootstrap(): void {
    if (this.#start.status === 'over') return;
    const { callbacks } = this.#start;
    this.#start = { status: 'over' };
    for (const callback of callbacks) callback();
    // Nobody follows the start, so this is its end: Nest calls this hook last for the module it sorts first.
    if (callbacks.length === 0) this.target.announce();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.settings.runAt === 'module-destroy' && this.settings.standsInFront) {
      await this.#runOrJoin({ kind: 'close' });
    }
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    if (this.target.status === 'idle' && this.settings.runAt === 'module-destroy') {
      this.settings.notify({ kind: 'runs-late' });
    }
    await this.#runOrJoin(signal === undefined ? { kind: 'close' } : { kind: 'signal', signal });
  }

  async #runOrJoin(reason: ShutdownReason): Promise<void> {
    if (this.target.status !== 'idle') await this.target.ended;
    else await startRun(this.target, this.#request ?? { reason, options: {}, joining: [] });
  }
}
