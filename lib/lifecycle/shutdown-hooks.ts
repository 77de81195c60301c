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
 * The part of the module that Nest calls. It starts the run, or joins the one that was started earlier: at
 * `onModuleDestroy` where the module stands in front of all others, else at `beforeApplicationShutdown`.
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
      /** Whether Nest calls the hooks of our module before those of any other. */
      readonly standsInFront: boolean;
      readonly notify: (notice: Notice) => void;
    },
  ) {}

  /** Why and until when a run that starts in a hook runs: Nest hands on the signal at most. */
  expect(request: RunRequest): void {
    this.#request ??= request;
  }

  /** Calls back when the application has started, or now where it has. */
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
    // Where nobody follows the start, this is its end: Nest calls the hook of the module in front of all others last.
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
