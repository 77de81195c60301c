import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { Notify } from '../notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import { runsLate } from './lifecycle-notices.js';
import { startRun, type RunRequest } from './run-request.js';
import type { ShutdownTarget } from './shutdown-target.js';

/** What Nest's hooks reach beside the run. */
export interface HookedParts {
  readonly probePort: { start(): Promise<void>; close(): void };
  readonly reportOutput: { announceLastStop(): void };
  readonly readiness: { bootstrapped(): void };
}

/**
 * The one part of the module that Nest calls: the order of what happens in each hook is written down here. The hooks
 * start the run, or join one that started earlier: in `onModuleDestroy` if the module comes before all others,
 * otherwise in `beforeApplicationShutdown`.
 */
export class ShutdownHooks
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
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
      readonly notify: Notify;
      /** The parts of the module that take part in Nest's hooks. */
      readonly parts: HookedParts;
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

  async onModuleInit(): Promise<void> {
    const { probePort, reportOutput } = this.settings.parts;
    const opened = probePort.start();
    // Both may fail; the second to do so must not be an unhandled rejection.
    await Promise.all([opened, this.#prepare(reportOutput)]);
  }

  onApplicationBootstrap(): void {
    this.settings.parts.readiness.bootstrapped();
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
      this.settings.notify(runsLate());
    }
    await this.#runOrJoin(signal === undefined ? { kind: 'close' } : { kind: 'signal', signal });
  }

  onApplicationShutdown(): void {
    this.settings.parts.probePort.close();
  }

  /** The last stop is announced before its report can be replaced. */
  async #prepare(reportOutput: HookedParts['reportOutput']): Promise<void> {
    reportOutput.announceLastStop();
    this.target.prepare();
  }

  async #runOrJoin(reason: ShutdownReason): Promise<void> {
    if (this.target.status !== 'idle') await this.target.ended;
    else await startRun(this.target, this.#request ?? { reason, options: {}, joining: [] });
  }
}
