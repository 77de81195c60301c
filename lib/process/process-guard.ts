import type { Notice } from '../notice.js';
import type { Clock } from '../run/clock.js';
import type { GuardedApplication, Trigger } from './guarded-application.js';
import { ProcessEnding } from './process-ending.js';
import type { ProcessPort } from './process-port.js';

/** The place of an application in its process. */
export interface Seat {
  readonly listenTo: (signals: readonly string[]) => void;
  /** Asks for the end of the process, and with it of all applications in it. */
  readonly exit: (request: Extract<Trigger, { kind: 'exit' }>) => void;
  /** Ends the process as an unhandled rejection of the application would, whether or not these are listened to. */
  readonly fail: (error: unknown) => void;
  /** Takes the application out, with every listener that was there for it alone. */
  readonly leave: () => void;
}

type State =
  | { readonly status: 'watching' }
  | { readonly status: 'ending'; readonly ending: ProcessEnding }
  /** Everything is closed; the events kept are those that must not kill the process on its way out. */
  | { readonly status: 'leaving'; readonly ending: ProcessEnding; readonly kept: readonly string[] };

const WATCHING: State = { status: 'watching' };

/** What every application is closed for, since the process ends after it in any case. */
const ENDS_BY_ITSELF = ['beforeExit', 'disconnect'];

/**
 * The one that listens to the process for all applications in it, and starts its end.
 *
 * watching → ending (a trigger came) → leaving, or back to watching where applications are left that no trigger
 * concerned, or none wants the process to end.
 */
export class ProcessGuard {
  /** Each application, with the events of the process that it is to be closed for. */
  readonly #seats = new Map<GuardedApplication, Set<string>>();
  readonly #listeners = new Map<string, () => void>();
  #state: State = WATCHING;

  constructor(
    private readonly port: ProcessPort,
    private readonly clock: Clock,
    /** Says it in the logs of the applications, and before it returns. */
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
      // It is among them even when it has closed and left.
      exit: (request) => this.#trigger(request, [...new Set([application, ...this.#seats.keys()])]),
      fail: (error) => this.#fail(application, error),
      leave: () => {
        abortSignal?.removeEventListener('abort', onAbort);
        // One that closes because the process ends is taken out at the end, with all others.
        if (this.#state.status === 'ending' && this.#state.ending.applications.has(application)) return;
        this.#seats.delete(application);
        this.#listen();
      },
    };
  }

  /** Calls back with its code when the process exits, whatever makes it; the answer takes the listener off. */
  onExit(listener: (code: number) => void): () => void {
    return this.port.onExit(({ code }) =>
      listener(this.#state.status === 'watching' ? code : this.#state.ending.codeInsteadOf(code)),
    );
  }

  /** A shutdown has begun: an output that nobody reads any more does not end it. */
  keepWriting(): void {
    this.port.keepWriting();
  }

  /** The events of the process that the guard listens to, each with one listener. */
  get listenedTo(): ReadonlySet<string> {
    return new Set(this.#listeners.keys());
  }

  /** Has exactly the listeners that the applications here need, and that a process on its way out needs. */
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
    // A process that leaves is gone within a second: there is nothing left to ask for.
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

  /** An application that is made while the process ends closes with those that are there. */
  #enlist(application: GuardedApplication, events: ReadonlySet<string>): void {
    if (this.#state.status === 'watching') return;
    const { ending } = this.#state;
    if (ending.exit !== 'none' && isConcerned(events, ending.first)) ending.enlist(application);
  }

  /** Lets the process end, where everything in it is closed and that is what the applications want. */
  #conclude(ending: ProcessEnding): void {
    // An application that came when the process was leaving has been closed as well.
    if (this.#state.status === 'leaving') return;
    for (const application of ending.applications) this.#seats.delete(application);
    const ends = this.#seats.size === 0 && ending.exit !== 'none';
    if (ends) {
      // One that is raised again must find no listener of ours.
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

/** Whether the trigger comes by one of the events; a request for the end of the process concerns all in it. */
function isConcerned(events: ReadonlySet<string>, trigger: Trigger): boolean {
  const event = eventOf(trigger);
  return event === 'every' || events.has(event);
}

/** The event of the process that brings the trigger; `none` where it comes from elsewhere. */
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
