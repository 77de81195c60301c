import type { Notify } from '../notice.js';
import { deadlineAfter, earliest, timeLeft, timeUntil } from '../plan/time-budget.js';
import type { Clock, Timer } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';
import type { ForcedEnd } from '../report/report-so-far.js';
import type { GuardedApplication, Trigger } from './guarded-application.js';
import { cutShort, deadlinePassed, escalated, fatalError, keptAlive } from './process-notices.js';
import type { ProcessExit, ProcessPort } from './process-port.js';
import { RepeatedSignals } from './repeated-signals.js';

/** Milliseconds the process gets to exit by itself after everything is closed. */
const LEAVE_LIMIT = 1_000;

/** Milliseconds a process that was stalled past its deadline gets to handle what has arrived meanwhile. */
const CATCH_UP = 100;

/** What an ending acts through. */
export interface EndingPorts {
  readonly port: ProcessPort;
  readonly clock: Clock;
  readonly tell: Notify;
  /** Called when everything is closed. */
  readonly onClosed: () => void;
}

/**
 * The end of the process, from the first trigger on. Closes the applications that a trigger concerns, exits early on
 * a second request or at the deadline, and otherwise lets the process exit, or forces it to.
 */
export class ProcessEnding {
  readonly #applications = new Set<GuardedApplication>();
  readonly #startedAt: number;
  readonly #signals: RepeatedSignals;
  #closing = 0;
  #clean = true;
  #deadline: Timer | undefined;
  #hadFatalError = false;
  /** The exit code requested with `GracefulShutdown.exit()`. */
  #askedCode = 0;
  #unlistenExit: () => void;

  constructor(
    readonly first: Trigger,
    private readonly ports: EndingPorts,
  ) {
    const { port, clock } = ports;
    this.#startedAt = clock.now();
    this.#signals = new RepeatedSignals(port, clock);
    this.#unlistenExit = port.onExit((exit) => this.#exited(exit));
  }

  get applications(): ReadonlySet<GuardedApplication> {
    return this.#applications;
  }

  /** How the process ends after everything is closed. */
  get exit(): GuardedApplication['exit'] {
    const modes = new Set(Array.from(this.#applications, ({ exit }) => exit));
    if (modes.has('code')) return 'code';
    if (modes.has('signal')) return this.first.kind === 'signal' ? 'signal' : 'code';
    return 'none';
  }

  /** Handles a trigger that concerns these applications. */
  trigger(reason: Trigger, concerned: readonly GuardedApplication[]): void {
    if (reason.kind === 'exit') this.#askedCode ||= reason.code ?? 0;
    if (reason.kind === 'signal') this.#signal(reason.signal, concerned);
    else if (reason.kind === 'error') this.#fatalError(reason, concerned);
    else this.#ask(reason, concerned);
  }

  /** Adds an application that was created while the process is ending. */
  enlist(application: GuardedApplication): void {
    this.#ask(this.first, [application]);
  }

  /** The exit code to use if other code exits with `code`: a 0 must not hide a failure. */
  codeInsteadOf(code: number): number {
    if (code !== 0 || this.exit === 'none') return code;
    return this.#closing > 0 ? this.#askedCode || 1 : this.#code;
  }

  /** The process goes on. With `exit: 'none'` the application ends it later, with our exit code. */
  stay(): void {
    this.#unlistenExit();
    if (this.exit === 'none') this.ports.port.setExitCode(this.#code);
  }

  /** Exits the process as soon as nothing keeps it alive, or after `LEAVE_LIMIT` at the latest. */
  leave(): void {
    const { port, clock } = this.ports;
    this.#setCode();
    const closedAt = clock.now();
    let watchdog = this.#watchdog(closedAt, LEAVE_LIMIT);
    port.endWhenIdle(() => {
      // A `beforeExit` listener may have started new work, which gets the remaining time like a handler.
      watchdog.cancel();
      watchdog = this.#watchdog(closedAt, timeLeft(this.#endsAt, clock.now(), LEAVE_LIMIT));
    });
    if (this.exit === 'signal' && this.first.kind === 'signal') port.raise(this.first.signal);
  }

  /**
   * A process that runs out of work and shuts down cleanly keeps Node's code, such as 13 for an unsettled top-level
   * `await`.
   */
  #setCode(): void {
    if (this.#code !== 0 || this.first.kind !== 'before-exit') this.ports.port.setExitCode(this.#code);
  }

  get #code(): number {
    return this.#askedCode || (this.#clean && !this.#hadFatalError ? 0 : 1);
  }

  #watchdog(closedAt: number, limit: number): Timer {
    const { port, clock, tell } = this.ports;
    const onTime = (): void => {
      const leftovers = port.leftovers();
      tell(keptAlive({ afterMs: clock.now() - closedAt, leftovers }));
      this.#force({ kind: 'kept-alive', leftovers });
    };
    const watchdog = whenOver(clock, onTime, limit, CATCH_UP);
    watchdog.unref();
    return watchdog;
  }

  /** Asks the applications that listen to the signal. If all of them were asked before, the signal is an escalation. */
  #signal(signal: string, concerned: readonly GuardedApplication[]): void {
    const { port, clock, tell } = this.ports;
    const isNews = concerned.some((application) => !this.#applications.has(application));
    const meaning = this.#signals.meaningOf(signal);
    if (isNews || meaning === 'asks') {
      this.#ask({ kind: 'signal', signal }, concerned);
    } else if (meaning === 'insists') {
      tell(escalated({ signal, afterMs: clock.now() - this.#startedAt, abandoned: this.#running() }));
      this.#force({ kind: 'escalation', signal }, 128 + port.signalNumber(signal));
    }
  }

  #fatalError(reason: Extract<Trigger, { kind: 'error' }>, concerned: readonly GuardedApplication[]): void {
    const { tell } = this.ports;
    const second = this.#hadFatalError;
    tell(fatalError({ error: reason.error, origin: reason.origin, second }));
    if (second) {
      this.#force({ kind: 'fatal-error', error: reason.error }, 1);
      return;
    }
    this.#hadFatalError = true;
    this.#ask(reason, concerned);
  }

  /** Closes the applications. Those already closing receive the reason as a further one. */
  #ask(reason: Trigger, concerned: readonly GuardedApplication[]): void {
    for (const application of concerned) {
      const closed = application.close(reason);
      if (this.#applications.has(application)) {
        // The first close reports the outcome; this call only passes on the reason.
        closed.catch(() => undefined);
      } else {
        this.#applications.add(application);
        this.#await(closed.then(application.isClean, () => false));
      }
    }
    this.#startDeadline();
  }

  #await(clean: Promise<boolean>): void {
    this.#closing += 1;
    void clean.then((isClean) => {
      this.#clean &&= isClean;
      this.#closing -= 1;
      if (this.#closing > 0) return;
      this.#deadline?.cancel();
      this.#signals.stop();
      this.ports.onClosed();
    });
  }

  /** The latest moment at which the process exits: the earliest deadline of its applications. */
  get #endsAt(): number {
    const deadlines = Array.from(this.#applications, ({ exit, exitLimit }) =>
      exit === 'none' ? Infinity : deadlineAfter(this.#startedAt, exitLimit),
    );
    return earliest(deadlines);
  }

  /**
   * This timer is referenced on purpose: a process waiting for something that never comes would otherwise exit as if
   * all had gone well.
   */
  #startDeadline(): void {
    const { port, clock, tell } = this.ports;
    const endsAt = this.#endsAt;
    this.#deadline?.cancel();
    if (endsAt === Infinity || this.#closing === 0) return;
    const onTime = (): void => {
      const afterMs = clock.now() - this.#startedAt;
      const abandoned = this.#running();
      const leftovers = abandoned.length === 0 ? { leftovers: port.leftovers() } : {};
      tell(deadlinePassed({ afterMs, abandoned, ...leftovers }));
      port.setExitCode(this.#askedCode || 1);
      this.#force({ kind: 'deadline' });
    };
    this.#deadline = whenOver(clock, onTime, timeUntil(endsAt, clock.now()), CATCH_UP);
  }

  /** Other code called `process.exit()`; this cannot be prevented any more. */
  #exited({ code, caller }: ProcessExit): void {
    const { port, tell } = this.ports;
    if (this.#closing > 0) tell(cutShort({ code, caller, abandoned: this.#running() }));
    const own = this.codeInsteadOf(code);
    if (own !== code) port.setExitCode(own);
  }

  /** Exits the process now, after each application has recorded its state. */
  #force(end: ForcedEnd, code?: number): void {
    this.#unlistenExit();
    for (const application of this.#applications) application.onForcedEnd(end, this.first);
    this.ports.port.exit(code);
  }

  #running(): readonly string[] {
    return [...this.#applications].flatMap((application) => application.running());
  }
}
