import type { ProcessNotice } from '../logging/notice.js';
import type { Clock, Timer } from '../run/clock.js';
import { whenOver } from '../run/expiry.js';
import type { ForcedEnd } from '../report/report-so-far.js';
import type { GuardedApplication, Trigger } from './guarded-application.js';
import type { ProcessPort } from './process-port.js';

/** A second signal within this time is the same one, delivered to the process and to its group. */
const REPEAT_WINDOW = 1_000;

/** How long the process may take to leave by itself once everything is closed. */
const LEAVE_LIMIT = 1_000;

/** What an ending acts through. */
export interface EndingPorts {
  readonly port: ProcessPort;
  readonly clock: Clock;
  readonly tell: (notice: ProcessNotice) => void;
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
  #closing = 0;
  #clean = true;
  #deadline: Timer | undefined;
  /** A first signal counts as asking, a second one as insisting. */
  #signalledAt: number | undefined;
  #hadFatalError = false;

  constructor(
    readonly first: Trigger,
    private readonly ports: EndingPorts,
  ) {
    this.#startedAt = ports.clock.now();
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
    if (reason.kind === 'signal') this.#signal(reason.signal, concerned);
    else if (reason.kind === 'error') this.#fatalError(reason, concerned);
    else this.#ask(reason, concerned);
  }

  /** Takes in an application that was made while the process ends. */
  enlist(application: GuardedApplication): void {
    this.#ask(this.first, [application]);
  }

  /** Ends the process: with a code as soon as nothing keeps it alive, and a little later in any case. */
  leave(): void {
    const { port, clock, tell } = this.ports;
    const code = this.#clean && !this.#hadFatalError ? 0 : 1;
    const closedAt = clock.now();
    const onKeptAlive = (): void => {
      const afterMs = clock.now() - closedAt;
      const leftovers = port.leftovers();
      tell({ kind: 'kept-alive', afterMs, leftovers });
      this.#force({ kind: 'kept-alive', leftovers }, code);
    };
    const watchdog = whenOver(clock, onKeptAlive, LEAVE_LIMIT);
    watchdog.unref();
    port.endWhenIdle(code);
    if (this.exit === 'signal' && this.first.kind === 'signal') port.raise(this.first.signal);
  }

  /** Asks the applications that listen to the signal; one that has nobody left to ask insists. */
  #signal(signal: string, concerned: readonly GuardedApplication[]): void {
    const { port, clock, tell } = this.ports;
    const now = clock.now();
    const isFirst = this.#signalledAt === undefined;
    const isNews = concerned.some((application) => !this.#applications.has(application));
    this.#signalledAt ??= now;
    if (isFirst || isNews) {
      this.#ask({ kind: 'signal', signal }, concerned);
    } else if (now - this.#signalledAt >= REPEAT_WINDOW) {
      tell({ kind: 'escalated', signal, afterMs: now - this.#startedAt, abandoned: this.#running() });
      this.#force({ kind: 'escalation', signal }, 128 + port.signalNumber(signal));
    }
  }

  #fatalError(reason: Extract<Trigger, { kind: 'error' }>, concerned: readonly GuardedApplication[]): void {
    const { tell } = this.ports;
    const second = this.#hadFatalError;
    tell({ kind: 'fatal-error', error: reason.error, origin: reason.origin, second });
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
    this.#limit();
  }

  #await(clean: Promise<boolean>): void {
    this.#closing += 1;
    void clean.then((isClean) => {
      this.#clean &&= isClean;
      this.#closing -= 1;
      if (this.#closing > 0) return;
      this.#deadline?.cancel();
      this.ports.onClosed();
    });
  }

  /**
   * The earliest of the applications' limits, all from the first trigger on. It keeps the process alive:
   * one that waits for something that never comes would else end as if all had gone well.
   */
  #limit(): void {
    const { clock, tell } = this.ports;
    const limits = Array.from(this.#applications, ({ exit, exitLimit }) =>
      exit === 'none' ? Infinity : exitLimit,
    );
    const limit = Math.min(...limits);
    this.#deadline?.cancel();
    if (limit === Infinity || this.#closing === 0) return;
    this.#deadline = whenOver(
      clock,
      () => {
        const afterMs = clock.now() - this.#startedAt;
        tell({ kind: 'deadline-passed', afterMs, abandoned: this.#running() });
        this.#force({ kind: 'deadline' }, 1);
      },
      this.#startedAt + limit - clock.now(),
    );
  }

  /** Ends the process now, and lets the applications say what becomes of them. */
  #force(end: ForcedEnd, code: number): void {
    for (const application of this.#applications) application.onForcedEnd(end, this.first);
    this.ports.port.exit(code);
  }

  #running(): readonly string[] {
    return [...this.#applications].flatMap((application) => application.running());
  }
}
