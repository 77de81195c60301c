import type { ProcessNotice } from '../logging/notice.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { Clock, Timer } from '../run/clock.js';
import type { ProcessPort } from './process-port.js';

/** A second signal within this time is the same one, delivered to the process and to its group. */
const REPEAT_WINDOW = 1_000;

/** How long the process may take to leave by itself once everything is closed. */
const LEAVE_LIMIT = 1_000;

/** An application that the process ends with. */
export interface GuardedApplication {
  readonly signals: readonly string[];
  readonly ipc: boolean;
  readonly fatalErrors: boolean;
  readonly exit: 'code' | 'signal' | 'none';
  /** Milliseconds from the trigger after which the process is ended, whatever still runs. */
  readonly exitLimit: number;
  readonly close: (reason: ShutdownReason) => Promise<void>;
  /** After the close: whether every task completed. */
  readonly isClean: () => boolean;
  /** What runs at this moment, for the last line of a process that ends before its time. */
  readonly running: () => readonly string[];
}

/** The place of an application in its process. */
export interface Seat {
  readonly listenTo: (signals: readonly string[]) => void;
  /** Takes the application out, with every listener that was there for it alone. */
  readonly leave: () => void;
}

type State =
  | { readonly status: 'watching' }
  | {
      readonly status: 'ending';
      readonly reason: ShutdownReason;
      readonly startedAt: number;
      readonly applications: ReadonlySet<GuardedApplication>;
      readonly deadline: Timer;
      /** A first signal counts as asking, a second one as insisting. */
      readonly signalledAt: number | undefined;
      readonly fatalErrors: number;
    };

const WATCHING: State = { status: 'watching' };

/**
 * The one that listens to the process for all applications in it: starts their shutdown, insists on its
 * end, and ends the process.
 *
 * watching → ending (a signal, the parent's message or a fatal error came) → the process ends, or back to
 * watching where applications are left that the trigger did not concern.
 */
export class ProcessGuard {
  readonly #seats = new Map<GuardedApplication, Set<string>>();
  readonly #listeners = new Map<string, () => void>();
  #state: State = WATCHING;

  constructor(
    private readonly process: ProcessPort,
    private readonly clock: Clock,
    private readonly tell: (notice: ProcessNotice) => void,
  ) {}

  attach(application: GuardedApplication): Seat {
    this.#seats.set(application, new Set(application.signals));
    this.#listen();
    return {
      listenTo: (signals) => {
        const { knownSignals } = this.process.platform;
        for (const signal of signals) {
          if (knownSignals.includes(signal)) this.#seats.get(application)?.add(signal);
        }
        this.#listen();
      },
      leave: () => {
        // One that closes because the process ends is taken out at the end, with all others.
        if (this.#state.status === 'ending' && this.#state.applications.has(application)) return;
        this.#seats.delete(application);
        this.#listen();
      },
    };
  }

  /** Has exactly the listeners that the applications here need. */
  #listen(): void {
    const wanted = new Map<string, () => () => void>();
    for (const [{ ipc, fatalErrors }, signals] of this.#seats) {
      for (const signal of signals) {
        wanted.set(signal, () => this.process.onSignal(signal, () => this.#onSignal(signal)));
      }
      if (ipc) {
        wanted.set('message', () => this.process.onMessage((message) => this.#onMessage(message)));
      }
      for (const origin of fatalErrors ? (['uncaughtException', 'unhandledRejection'] as const) : []) {
        wanted.set(origin, () =>
          this.process.onFatalError(origin, (error) => this.#onFatalError(error, origin)),
        );
      }
    }
    for (const [event, off] of this.#listeners) {
      if (wanted.has(event)) continue;
      off();
      this.#listeners.delete(event);
    }
    for (const [event, listen] of wanted) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, listen());
    }
  }

  #onSignal(signal: string): void {
    const now = this.clock.now();
    if (this.#state.status === 'watching') {
      const concerned = [...this.#seats].filter(([, signals]) => signals.has(signal));
      this.#begin(
        { kind: 'signal', signal },
        concerned.map(([application]) => application),
      );
      return;
    }
    const { signalledAt, startedAt } = this.#state;
    if (signalledAt === undefined) {
      this.#state = { ...this.#state, signalledAt: now };
      this.#join({ kind: 'signal', signal });
    } else if (now - signalledAt >= REPEAT_WINDOW) {
      this.tell({ kind: 'escalated', signal, afterMs: now - startedAt, abandoned: this.#running() });
      this.process.exit(128 + this.process.signalNumber(signal));
    }
  }

  #onMessage(message: unknown): void {
    if (message !== 'shutdown') return;
    const reason: ShutdownReason = { kind: 'message' };
    if (this.#state.status === 'ending') this.#join(reason);
    else
      this.#begin(
        reason,
        this.#seated((application) => application.ipc),
      );
  }

  #onFatalError(error: unknown, origin: 'uncaughtException' | 'unhandledRejection'): void {
    const second = this.#state.status === 'ending' && this.#state.fatalErrors > 0;
    this.tell({ kind: 'fatal-error', error, origin, second });
    if (second) {
      this.process.exit(1);
      return;
    }
    const reason: ShutdownReason = { kind: 'error', error, origin };
    if (this.#state.status === 'ending') {
      this.#state = { ...this.#state, fatalErrors: 1 };
      this.#join(reason);
    } else {
      this.#begin(
        reason,
        this.#seated((application) => application.fatalErrors),
      );
    }
  }

  #join(reason: ShutdownReason): void {
    if (this.#state.status !== 'ending') return;
    // The first close tells how it went; here only the reason is handed on.
    for (const application of this.#state.applications) application.close(reason).catch(() => undefined);
  }

  #begin(reason: ShutdownReason, applications: readonly GuardedApplication[]): void {
    const startedAt = this.clock.now();
    const limit = Math.min(
      ...applications.map(({ exit, exitLimit }) => (exit === 'none' ? Infinity : exitLimit)),
    );
    this.#state = {
      status: 'ending',
      reason,
      startedAt,
      applications: new Set(applications),
      deadline: this.#scheduleDeadline(limit, startedAt),
      signalledAt: reason.kind === 'signal' ? startedAt : undefined,
      fatalErrors: reason.kind === 'error' ? 1 : 0,
    };
    const closed = applications.map((application) =>
      application.close(reason).then(application.isClean, () => false),
    );
    void Promise.all(closed).then((clean) => this.#conclude(clean.every(Boolean)));
  }

  #scheduleDeadline(limit: number, startedAt: number): Timer {
    if (limit === Infinity) return { cancel: () => undefined, unref: () => undefined };
    const timer = this.clock.schedule(() => {
      const afterMs = this.clock.now() - startedAt;
      this.tell({ kind: 'deadline-passed', afterMs, abandoned: this.#running() });
      this.process.exit(1);
    }, limit);
    timer.unref();
    return timer;
  }

  /** Everything is closed: takes our listeners off and lets the process end, or sees to it that it does. */
  #conclude(clean: boolean): void {
    if (this.#state.status !== 'ending') return;
    const { reason, applications, deadline, fatalErrors } = this.#state;
    deadline.cancel();
    this.#state = WATCHING;
    for (const application of applications) this.#seats.delete(application);
    this.#listen();
    const modes = new Set(Array.from(applications, ({ exit }) => exit));
    modes.delete('none');
    if (this.#seats.size > 0 || modes.size === 0) return;

    const code = clean && fatalErrors === 0 ? 0 : 1;
    const closedAt = this.clock.now();
    const watchdog = this.clock.schedule(() => {
      const afterMs = this.clock.now() - closedAt;
      this.tell({ kind: 'kept-alive', afterMs, leftovers: this.process.leftovers() });
      this.process.exit(code);
    }, LEAVE_LIMIT);
    watchdog.unref();
    this.process.setExitCode(code);
    if (reason.kind === 'signal' && !modes.has('code')) this.process.raise(reason.signal);
  }

  #seated(which: (application: GuardedApplication) => boolean): readonly GuardedApplication[] {
    return [...this.#seats.keys()].filter(which);
  }

  #running(): readonly string[] {
    return [...this.#seats.keys()].flatMap((application) => application.running());
  }
}
