import type { INestApplicationContext } from '@nestjs/common';
import { NestApplicationSeam } from '../nest/application-seam.js';
import type { Notify } from '../notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import { deadlineAfter, timeLeft } from '../plan/time-budget.js';
import { isTrigger, type GuardedApplication } from '../process/guarded-application.js';
import type { Clock, Timer } from '../run/clock.js';
import { within } from '../run/expiry.js';
import { hooksBeside } from '../startup-checks/hooks-beside.js';
import {
  bootAwaited,
  bootGivenUp,
  seamMissing,
  teardownFailed,
  waitsForItself,
} from './lifecycle-notices.js';
import { startRun } from './run-request.js';
import type { ShutdownHooks } from './shutdown-hooks.js';
import type { ShutdownTarget } from './shutdown-target.js';
import { Startup } from './startup.js';

/** What the lifecycle needs from the module. */
export interface LifecycleParts {
  readonly target: ShutdownTarget;
  readonly hooks: ShutdownHooks;
  readonly clock: Clock;
  readonly notify: Notify;
  readonly runAt: 'module-destroy' | 'before-application-shutdown';
  /** Milliseconds from the request until the run must have ended. */
  readonly limit: number;
  /** Milliseconds from the request until Nest must have closed the application. */
  readonly closeLimit: number;
  readonly exit: GuardedApplication['exit'];
  /** Milliseconds to wait for a startup in progress. */
  readonly startLimit: number;
  /** Called whenever something asks for the close, before anything is logged about it. */
  readonly onAsked: () => void;
  /** Called with the outcome of each start. */
  readonly onStart: (outcome: 'started' | 'failed') => void;
  /** Resolves shortly after everyone who receives the report has finished. Never rejects. */
  readonly reported: () => Promise<void>;
}

/** Receives what the lifecycle reports about its application. */
export interface LifecycleObserver {
  readonly closed: () => void;
  /** Signals that the user passed to Nest's `enableShutdownHooks`. */
  readonly signalsAdded: (signals: readonly string[]) => void;
}

/** The members that the overrides rely on. A newer Nest may have moved one. */
const NEEDED = ['close', 'callDestroyHook', 'enableShutdownHooks', 'unsubscribeFromProcessSignals'];

/** The methods that start something. Not every kind of application, and not every Nest major, has all of them. */
const STARTS = ['init', 'listen', 'listenAsync', 'startAllMicroservices', 'startAllMicroservicesAsync'];

/**
 * The single path on which an application closes, whatever triggers it: wait for a startup in progress, run the
 * phases, let Nest close the rest. All of Nest's own ways to close lead here.
 */
export class ApplicationLifecycle {
  readonly #startup: Startup;
  #closing: Promise<void> | undefined;
  /** The application has closed and the process goes on: no further start is allowed. */
  #isOver = false;
  #startEnd: Timer | undefined;
  /** Reasons that arrived after the first one and before the run started. */
  readonly #early: ShutdownReason[] = [];
  #closeNatively: (signal: string | undefined) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly seam: NestApplicationSeam,
    private readonly parts: LifecycleParts,
    private readonly observer: LifecycleObserver,
  ) {
    this.#startup = new Startup(parts.onStart);
  }

  /** Redirects every way to close the application to this class. */
  takeOver(): void {
    const missing = this.seam.missing(NEEDED);
    if (missing.length > 0) this.parts.notify(seamMissing(missing));
    this.#takeOverSignals();
    this.#takeOverClose();
    for (const start of STARTS) {
      this.seam.replace(
        start,
        (original) =>
          (...args) =>
            this.#isOver ? Promise.reject(closedError(start)) : this.#startup.track(() => original(...args)),
      );
    }
    this.seam.replace('connectMicroservice', (original) => (...args) => {
      if (this.#isOver) throw closedError('connectMicroservice');
      return original(...args);
    });
  }

  /**
   * Calls back when no start is in progress, including those that main() begins right after another one. Not called
   * if the application closes first.
   */
  whenStartEnded(callback: () => void): void {
    void this.#startup.idle().then(() => {
      if (this.#closing !== undefined) return;
      this.#startEnd = this.parts.clock.schedule(() => {
        if (this.#startup.isUnderWay) this.whenStartEnded(callback);
        else callback();
      }, 0);
    });
  }

  /** Closes the application. Later callers join the same close. Rejects with what Nest rejects with. */
  close(reason: ShutdownReason): Promise<void> {
    this.parts.onAsked();
    if (this.#closing === undefined) this.#closing = this.#close(reason);
    else if (this.parts.target.status === 'idle') this.#early.push(reason);
    else if (this.parts.target.status === 'running') void this.parts.target.run(reason);
    return this.#closing;
  }

  /**
   * Closes the application on behalf of its own code. A route handler cannot wait for the whole close, because the
   * close waits for its response, so it waits for the phases. A task of the run cannot wait at all.
   */
  #closeFor(reason: ShutdownReason): Promise<void> {
    const { target, notify } = this.parts;
    const origin = target.origin();
    const closed = this.close(reason);
    if (origin.kind === 'outside') return closed;
    closed.catch((error: unknown) => notify(teardownFailed(error)));
    if (origin.kind === 'work') return target.ended.then(() => undefined);
    notify(waitsForItself({ task: origin.task, call: 'app.close()' }));
    return Promise.resolve();
  }

  /** Nest's signal listeners bypass `close()` and call the hooks directly, so ours replace them. */
  #takeOverSignals(): void {
    const { seam, observer } = this;
    const { notify } = this.parts;
    if (seam.listensToSignals) notify(hooksBeside());
    seam.call('unsubscribeFromProcessSignals');
    seam.replace('enableShutdownHooks', () => (signals) => {
      notify(hooksBeside());
      if (Array.isArray(signals)) {
        observer.signalsAdded(signals.map((signal) => String(signal).toUpperCase().trim()));
      }
      return seam.raw;
    });
  }

  #takeOverClose(): void {
    const { seam } = this;
    const close = (signal?: unknown): Promise<void> =>
      this.#closeFor(typeof signal === 'string' ? { kind: 'close', signal } : { kind: 'close' });
    seam.replace('close', (original) => {
      this.#closeNatively = async (signal) => {
        // Nest's `close()` of a microservice closes the transport before it calls any hook.
        const hooksFirst = signal !== undefined || this.parts.runAt === 'before-application-shutdown';
        await (hooksFirst ? seam.closeForSignal(signal) : original());
      };
      return close;
    });
    // Any other path that leads Nest to its hooks still runs the phases first.
    for (const step of ['prepareClose', 'callDestroyHook']) {
      seam.replace(step, (original) => async () => {
        if (this.parts.runAt === 'module-destroy') await this.#phasesFirst();
        return original();
      });
    }
    // In plain Nest, closing a selected module runs the hooks of all modules and leaves the server open.
    seam.replace('select', (original) => (...args) => {
      const selected = original(...args);
      if (isContext(selected)) NestApplicationSeam.of(selected).define('close', close);
      return selected;
    });
    if (!seam.has(Symbol.asyncDispose)) seam.define(Symbol.asyncDispose, () => close());
  }

  async #phasesFirst(): Promise<void> {
    const { target } = this.parts;
    await (target.status === 'idle' ? target.run({ kind: 'close' }) : target.ended);
  }

  async #close(reason: ShutdownReason): Promise<void> {
    const { target, hooks, clock, limit, runAt } = this.parts;
    const askedAt = clock.now();
    const until = deadlineAfter(askedAt, limit);
    this.#startEnd?.cancel();
    let unpark: () => void = () => undefined;
    const parked = new Promise<never>((_, reject) => {
      // After a trigger it stays pending: the code after `listen()` in main() must not run any more, and a rejection
      // there would be unhandled, which cuts the drain.
      unpark = isTrigger(reason) ? () => undefined : () => reject(closedError('listen'));
    });
    // Possibly nobody awaits it.
    parked.catch(() => undefined);
    await this.#awaitStart(reason, parked);
    try {
      const options = {
        // Read when the run begins: the wall clock may have been set while we waited for the startup.
        get deadline(): number {
          return clock.dateOf(until);
        },
      };
      const request = { reason, options, joining: this.#early };
      if (runAt === 'module-destroy') await startRun(target, request);
      else hooks.expect(request);
      try {
        await this.#closeInTime(reason, deadlineAfter(askedAt, this.parts.closeLimit));
      } finally {
        // A failed Nest hook may keep Nest from calling the hooks that would have started the phases.
        if (target.status === 'idle') await startRun(target, request);
      }
    } finally {
      await this.parts.reported();
      this.#isOver = !this.#endsProcess(reason);
      unpark();
      this.observer.closed();
    }
  }

  /**
   * Lets Nest close the rest. A Nest hook that never ends must not block the callers of close. If the process exits
   * for this reason, its own deadline takes care of that.
   */
  async #closeInTime(reason: ShutdownReason, deadline: number): Promise<void> {
    const { clock, notify, closeLimit } = this.parts;
    const late = new Error(
      `a Nest hook or the close of a server did not end within ${closeLimit} ms, shortly before gracePeriod is over. Whatever it would have closed stays open.`,
    );
    try {
      const closed = this.#closeNatively(signalOf(reason));
      if (this.#endsProcess(reason)) await closed;
      else if ((await within(closed, { ms: timeLeft(deadline, clock.now()), clock })) === 'expired')
        throw late;
    } catch (error) {
      // A caller of close() receives the error; nobody awaits the close after a trigger. An expired time limit is
      // logged in any case.
      if (isTrigger(reason) || error === late) notify(teardownFailed(error));
      throw error;
    }
  }

  #endsProcess(reason: ShutdownReason): boolean {
    return isTrigger(reason) && this.parts.exit !== 'none';
  }

  async #awaitStart(reason: ShutdownReason, parked: Promise<never>): Promise<void> {
    const { clock, notify, startLimit } = this.parts;
    if (!this.#startup.isUnderWay) {
      this.#startup.shut(parked);
      return;
    }
    notify(bootAwaited(reason));
    await new Promise<void>((resolve) => {
      const timer = clock.schedule(() => {
        notify(bootGivenUp(startLimit));
        this.#startup.shut(parked);
        resolve();
      }, startLimit);
      void this.#startup.close(parked).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function closedError(start: string): Error {
  return new Error(`${start}(): the application is closed and cannot start again. Create a new one.`);
}

function signalOf(reason: ShutdownReason): string | undefined {
  return reason.kind === 'signal' || reason.kind === 'close' ? reason.signal : undefined;
}

function isContext(value: unknown): value is INestApplicationContext {
  return typeof value === 'object' && value !== null && 'close' in value;
}
