import type { Notify } from '../notice.js';
import { deadlineAfter, earliest, timeLeft, timeUntil } from '../plan/time-budget.js';
import type { Clock, Timer } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';
import type { ForcedEnd } from '../report/report-so-far.js';
import type { GuardedApplication, Trigger } from './guarded-application.js';
import { cutShort, deadlinePassed, escalated, fatalError, keptAlive } from './process-notices.js';
import type { ProcessExit, ProcessPort } from './process-port.js';
import { RepeatedSignals } from './repeated-signals.js';

/** How long the process may take to leave by itself once everything is closed. */
const LEAVE_LIMIT = 1_000;

/** Milliseconds in which a process that stood still past its time may finish with what has arrived meanwhile. */
const CATCH_UP = 100;

/** What an ending acts through. */
export interface EndingPorts {
  readonly port: ProcessPort;
  readonly clock: Clock;
  readonly tell: Notify;
  /** Everything is closed. */
  readonly onClosed: () => void;
}

/**
 * The end of the process, from the first trigger on: closes the applications that a trigger concerns,
 * insists when it is asked again or its time is over, and at last lets the process leave, or makes it.
 */
export class ProcessEnding {
  readonly #applications = new Set<GuardedApplication>();
  readonly #startedAt: number;
  readonly #signals: RepeatedSignals;
  #closing = 0;
  #clean = true;
  #deadline: Timer | undefined;
  #hadFatalError = false;
  /** The code that the application asked for with its own end. */
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

  /** How the process ends when everything is closed. */
  get exit(): GuardedApplication['exit'] {
    const modes = new Set(Array.from(this.#applications, ({ exit }) => exit));
    if (modes.has('code')) return 'code';
    if (modes.has('signal')) return this.first.kind === 'signal' ? 'signal' : 'code';
    return 'none';
  }

  /** A trigger came, and concerns these applications. */
  trigger(reason: Trigger, concerned: readonly GuardedApplication[]): void {
    if (reason.kind === 'exit') this.#askedCode ||= reason.code ?? 0;
    if (reason.kind === 'signal') this.#signal(reason.signal, concerned);
    else if (reason.kind === 'error') this.#fatalError(reason, concerned);
    else this.#ask(reason, concerned);
  }

  /** Takes in an application that was made while the process ends. */
  enlist(application: GuardedApplication): void {
    this.#ask(this.first, [application]);
  }

  /** The code that a process gets which somebody ends with another one: a failure is not hidden by 0. */
  codeInsteadOf(code: number): number {
    if (code !== 0 || this.exit === 'none') return code;
    return this.#closing > 0 ? this.#askedCode || 1 : this.#code;
  }

  /** Lets the process go on; with `exit: 'none'` it is for the application to end it, with our code. */
  stay(): void {
    this.#unlistenExit();
    if (this.exit === 'none') this.ports.port.setExitCode(this.#code);
  }

  /** Ends the process: with a code as soon as nothing keeps it alive, and a little later in any case. */
  leave(): void {
    const { port, clock } = this.ports;
    this.#setCode();
    const closedAt = clock.now();
    let watchdog = this.#watchdog(closedAt, LEAVE_LIMIT);
    port.endWhenIdle(() => {
      // What is alive from here on was begun by a listener of `beforeExit`, and is waited for like a handler.
      watchdog.cancel();
      watchdog = this.#watchdog(closedAt, timeLeft(this.#endsAt, clock.now(), LEAVE_LIMIT));
    });
    if (this.exit === 'signal' && this.first.kind === 'signal') port.raise(this.first.signal);
  }

  /** A process without work that ends cleanly keeps what Node makes of it, such as 13 for an `await` that never ends. */
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

  /** Asks the applications that listen to the signal; one that has nobody left to ask insists. */
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

  /** Closes the applications; those that are being closed are told the further reason. */
  #ask(reason: Trigger, concerned: readonly GuardedApplication[]): void {
    for (const application of concerned) {
      const closed = application.close(reason);
      if (this.#applications.has(application)) {
        // The first close tells how it went; here only the reason is handed on.
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

  /** When the process ends at the latest: the earliest of the deadlines of the applications. */
  get #endsAt(): number {
    const deadlines = Array.from(this.#applications, ({ exit, exitLimit }) =>
      exit === 'none' ? Infinity : deadlineAfter(this.#startedAt, exitLimit),
    );
    return earliest(deadlines);
  }

  /**
   * It keeps the process alive: one that waits for something that never comes would else end as if all had gone
   * well.
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

  /** Somebody else has ended the process; nothing can hold it any more. */
  #exited({ code, caller }: ProcessExit): void {
    const { port, tell } = this.ports;
    if (this.#closing > 0) tell(cutShort({ code, caller, abandoned: this.#running() }));
    const own = this.codeInsteadOf(code);
    if (own !== code) port.setExitCode(own);
  }

  /** Ends the process now, and lets the applications say what becomes of them. */
  #force(end: ForcedEnd, code?: number): void {
    this.#unlistenExit();
    for (const application of this.#applications) application.onForcedEnd(end, this.first);
    this.ports.port.exit(code);
  }

  #running(): readonly string[] {
    return [...this.#applications].flatMap((application) => application.running());
  }
}
