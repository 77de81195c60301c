import type { Notice } from '../notice.js';
import type { Clock } from '../run/clock.js';
import type { GuardedApplication, Trigger } from './guarded-application.js';
import { ProcessEnding } from './process-ending.js';
import type { ProcessPort } from './process-port.js';

/** The handle of an application on its process. */
export interface Seat {
  readonly listenTo: (signals: readonly string[]) => void;
  /** Requests the end of the process, and with it of all its applications. */
  readonly exit: (request: Extract<Trigger, { kind: 'exit' }>) => void;
  /** Ends the process as an unhandled rejection in the application would, even if `fatalErrors` is off. */
  readonly fail: (error: unknown) => void;
  /** Removes the application and all listeners that existed only for it. */
  readonly leave: () => void;
}

type State =
  | { readonly status: 'watching' }
  | { readonly status: 'ending'; readonly ending: ProcessEnding }
  /** Everything is closed. The kept events are those that must not kill the process on its way out. */
  | { readonly status: 'leaving'; readonly ending: ProcessEnding; readonly kept: readonly string[] };

const WATCHING: State = { status: 'watching' };

/** The process exits after these events in any case, so every application closes on them. */
const ENDS_BY_ITSELF = ['beforeExit', 'disconnect'];

/**
 * Listens to the process on behalf of all its applications, and starts the end of the process.
 *
 * watching → ending (on a trigger) → leaving. Back to watching if applications remain that no trigger concerned, or
 * if none of them wants the process to exit.
 */
export class ProcessGuard {
  /** Each application with the process events that close it. */
  readonly #seats = new Map<GuardedApplication, Set<string>>();
  readonly #listeners = new Map<string, () => void>();
  #state: State = WATCHING;

  constructor(
    private readonly port: ProcessPort,
    private readonly clock: Clock,
    /** Logs synchronously to the logs of the applications. */
    private readonly tell: (notice: Notice, applications: readonly GuardedApplication[]) => void,
  ) {}

  attach(application: GuardedApplication): Seat {
    const { signals, ipc, fatalErrors, abortSignal } = application;
    const events = new Set([
      ...ENDS_BY_ITSELF,
      ...signals,
      ...(ipc ? ['message'] : []),
      ...(fatalErrors ? ['uncaughtException', 'unhandledRejection'] : []),
    ]);
    this.#seats.set(application, events);
    this.#listen();
    this.#enlist(application, events);
    const onAbort = (): void => this.#trigger({ kind: 'abort', error: abortSignal?.reason }, [application]);
    if (abortSignal?.aborted === true) onAbort();
    else abortSignal?.addEventListener('abort', onAbort, { once: true });
    return {
      listenTo: (added) => {
        for (const signal of added.filter((each) => this.#isSignal(each))) events.add(signal);
        this.#listen();
      },
      // Includes the application even after it has closed and left.
      exit: (request) => this.#trigger(request, [...new Set([application, ...this.#seats.keys()])]),
      fail: (error) => this.#fail(application, error),
      leave: () => {
        abortSignal?.removeEventListener('abort', onAbort);
        // An application that closes because the process is ending is removed at the end, together with the others.
        if (this.#state.status === 'ending' && this.#state.ending.applications.has(application)) return;
        this.#seats.delete(application);
        this.#listen();
      },
    };
  }

  /**
   * Calls back with the exit code when the process exits, for any reason. Returns a function that removes the
   * listener.
   */
  onExit(listener: (code: number) => void): () => void {
    return this.port.onExit(({ code }) =>
      listener(this.#state.status === 'watching' ? code : this.#state.ending.codeInsteadOf(code)),
    );
  }

  /** A shutdown has begun: losing the reader of an output must not end the process. */
  keepWriting(): void {
    this.port.keepWriting();
  }

  /** The events of the process that the guard listens to, each with one listener. */
  get listenedTo(): ReadonlySet<string> {
    return new Set(this.#listeners.keys());
  }

  /** Adds and removes listeners until they match what the applications, and a process that is leaving, need. */
  #listen(): void {
    const kept = this.#state.status === 'leaving' ? this.#state.kept : [];
    const wanted = new Set([...this.#seats.values()].flatMap((events) => [...events]).concat(kept));
    for (const [event, off] of this.#listeners) {
      if (wanted.has(event)) continue;
      off();
      this.#listeners.delete(event);
    }
    for (const event of wanted) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, this.#on(event));
    }
  }

  #on(event: string): () => void {
    switch (event) {
      case 'message':
        return this.port.onMessage((message) => {
          if (message === 'shutdown') this.#trigger({ kind: 'message' });
        });
      case 'uncaughtException':
      case 'unhandledRejection':
        return this.port.onFatalError(event, (error) =>
          this.#trigger({ kind: 'error', error, origin: event }),
        );
      case 'beforeExit':
        return this.port.onBeforeExit(() => this.#trigger({ kind: 'before-exit' }));
      case 'disconnect':
        return this.port.onDisconnect(() => this.#trigger({ kind: 'disconnect' }));
      default:
        return this.port.onSignal(event, () => this.#trigger({ kind: 'signal', signal: event }));
    }
  }

  #trigger(trigger: Trigger, concerned = this.#concernedBy(trigger)): void {
    // A process that is leaving exits within a second; further triggers change nothing.
    if (this.#state.status === 'leaving') return;
    const ending = this.#state.status === 'ending' ? this.#state.ending : this.#begin(trigger);
    ending.trigger(trigger, concerned);
  }

  #concernedBy(trigger: Trigger): readonly GuardedApplication[] {
    return [...this.#seats]
      .filter(([, events]) => isConcerned(events, trigger))
      .map(([application]) => application);
  }

  #fail(application: GuardedApplication, error: unknown): void {
    this.#trigger({ kind: 'error', error, origin: 'unhandledRejection' }, [application]);
  }

  #begin(trigger: Trigger): ProcessEnding {
    const { port, clock } = this;
    const tell = (notice: Notice): void =>
      this.tell(notice, [...new Set([...this.#seats.keys(), ...ending.applications])]);
    port.keepWriting();
    const onClosed = (): void => this.#conclude(ending);
    const ending = new ProcessEnding(trigger, { port, clock, tell, onClosed });
    this.#state = { status: 'ending', ending };
    return ending;
  }

  /** An application created while the process is ending closes together with the others. */
  #enlist(application: GuardedApplication, events: ReadonlySet<string>): void {
    if (this.#state.status === 'watching') return;
    const { ending } = this.#state;
    if (ending.exit !== 'none' && isConcerned(events, ending.first)) ending.enlist(application);
  }

  /** Lets the process exit if everything in it is closed and the applications want it to. */
  #conclude(ending: ProcessEnding): void {
    // An application that arrived while the process was leaving has closed as well.
    if (this.#state.status === 'leaving') return;
    for (const application of ending.applications) this.#seats.delete(application);
    const ends = this.#seats.size === 0 && ending.exit !== 'none';
    if (ends) {
      // A re-raised signal must not find a listener of ours.
      const kept = ending.exit === 'signal' ? [] : [...this.#listeners.keys()];
      this.#state = {
        status: 'leaving',
        ending,
        kept: kept.filter((each) => this.#isSignal(each) || each === 'disconnect'),
      };
    } else {
      this.#state = WATCHING;
    }
    this.#listen();
    if (ends) ending.leave();
    else ending.stay();
  }

  #isSignal(event: string): boolean {
    return this.port.platform.knownSignals.includes(event);
  }
}

/** Whether one of the events causes the trigger. A request to exit concerns every application of the process. */
function isConcerned(events: ReadonlySet<string>, trigger: Trigger): boolean {
  const event = eventOf(trigger);
  return event === 'every' || events.has(event);
}

/** The process event behind a trigger; `none` if the trigger is not a process event. */
function eventOf(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'signal':
      return trigger.signal;
    case 'message':
      return 'message';
    case 'error':
      return trigger.origin;
    case 'before-exit':
      return 'beforeExit';
    case 'disconnect':
      return 'disconnect';
    case 'exit':
      return 'every';
    case 'abort':
      return 'none';
  }
}
