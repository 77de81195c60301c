import type { BeforeApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Notice } from '../logging/notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { RunOptions } from '../run/shutdown-run.js';
import type { ShutdownTarget } from './shutdown-target.js';

/** A run that was asked for, and waits for Nest to come to the hook where it starts. */
interface Request {
  readonly reason: ShutdownReason;
  readonly options: RunOptions;
}

/**
 * The part of the module that Nest calls. It starts the run, or joins the one that was started earlier: at
 * `onModuleDestroy` where the module stands in front of all others, else at `beforeApplicationShutdown`.
 */
export class ShutdownHooks implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown {
  #request: Request | undefined;

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
  expect(reason: ShutdownReason, options: RunOptions): void {
    this.#request ??= { reason, options };
  }

  onModuleInit(): void {
    this.target.prepare();
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
    if (this.target.status !== 'idle') await this.target.finished;
    else await this.target.run(this.#request?.reason ?? reason, this.#request?.options);
  }
}
