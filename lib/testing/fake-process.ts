import type { Platform, ProcessPort } from '../lifecycle/process-port.js';

type Listener = (argument: unknown) => void;

const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGQUIT', 3],
  ['SIGUSR2', 12],
  ['SIGTERM', 15],
]);

/** A process that notes what is done to it, and goes on whatever that is. */
export class FakeProcess implements ProcessPort {
  readonly platform: Platform = {
    inKubernetes: false,
    defaultSignals: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'],
    knownSignals: [...SIGNAL_NUMBERS.keys()],
  };

  /** The code that was set for when nothing is left to do. */
  exitCode: number | undefined;
  /** The codes with which it was ended. */
  readonly exits: number[] = [];
  /** The signals that it sent to itself. */
  readonly raised: string[] = [];
  /** The signals that nobody listened to: each would have killed it. */
  readonly killedBy: string[] = [];
  /** What was written to standard error. */
  readonly lines: string[] = [];
  /** Whether it goes on when nobody reads its output any more. */
  keepsWriting = false;
  /** What it answers when it is asked what keeps it alive. */
  keptAliveBy: readonly string[] = [];

  /** The commands above it, from its parent up to the first of the container. */
  commandsAbove: readonly string[] | undefined = ['/sbin/init'];

  readonly #listeners = new Map<string, Set<Listener>>();

  /** The events that somebody listens to. */
  get listenedTo(): readonly string[] {
    return [...this.#listeners].flatMap(([event, listeners]) => Array.from(listeners, () => event));
  }

  /** Sends it a signal; where nobody listens, `killedBy` notes it. */
  emitSignal(signal: string): void {
    if (!this.#emit(signal, signal)) this.killedBy.push(signal);
  }

  /** Sends it a message, as a parent process does. */
  emitMessage(message: unknown): void {
    this.#emit('message', message);
  }

  /** Lets an exception or a rejection reach the top of it. */
  emitFatal(origin: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
    this.#emit(origin, error);
  }

  /** Somebody else ends it. */
  emitExit(code: number): void {
    this.#emit('exit', code);
  }

  onSignal(signal: string, listener: (signal: string) => void): () => void {
    return this.#on(signal, () => listener(signal));
  }

  onMessage(listener: Listener): () => void {
    return this.#on('message', listener);
  }

  onFatalError(origin: 'uncaughtException' | 'unhandledRejection', listener: Listener): () => void {
    return this.#on(origin, listener);
  }

  onExit(listener: (code: number) => void): () => void {
    return this.#on('exit', (code) => listener(Number(code)));
  }

  signalNumber(signal: string): number {
    return SIGNAL_NUMBERS.get(signal) ?? 0;
  }

  raise(signal: string): void {
    this.raised.push(signal);
    this.emitSignal(signal);
  }

  endWhenIdle(code: number): void {
    this.exitCode = code;
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  writeLine(line: string): void {
    this.lines.push(line);
  }

  /** What is logged here goes to a logger of the test, and not to an output. */
  isWritten(log: () => void): boolean {
    log();
    return false;
  }

  keepWriting(): void {
    this.keepsWriting = true;
  }

  ancestors(): readonly string[] | undefined {
    return this.commandsAbove;
  }

  listenerCount(signal: string): number {
    return this.#listeners.get(signal)?.size ?? 0;
  }

  leftovers(): readonly string[] {
    return this.keptAliveBy;
  }

  #on(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  #emit(event: string, argument: unknown): boolean {
    const listeners = [...(this.#listeners.get(event) ?? [])];
    for (const listener of listeners) listener(argument);
    return listeners.length > 0;
  }
}
