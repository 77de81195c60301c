import type { Platform, ProcessExit, ProcessPort } from '../process/process-port.js';

type Listener = (argument: unknown) => void;

const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGQUIT', 3],
  ['SIGABRT', 6],
  ['SIGUSR2', 12],
  ['SIGTERM', 15],
]);

/** A process that notes what is done to it, and goes on whatever that is. */
export class FakeProcess implements ProcessPort {
  readonly platform: Platform = {
    inKubernetes: false,
    defaultSignals: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'],
    knownSignals: [...SIGNAL_NUMBERS.keys()],
  };

  /** The code that is set, by the application or for the end of the process. */
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

  /** Nothing is left to do in it. */
  emitBeforeExit(): void {
    this.#emit('beforeExit', undefined);
  }

  /** The primary of its cluster disconnects it, or dies. */
  emitDisconnect(): void {
    this.#emit('disconnect', undefined);
  }

  /** Somebody else ends it. */
  emitExit(code: number, caller?: string): void {
    this.exitCode = code;
    this.#emit('exit', { code, caller });
  }

  /** Code of its own sends it a signal, as `process.kill(process.pid, signal)` does. */
  emitOwnSignal(signal: string): void {
    this.#emit('own signal', signal);
    this.emitSignal(signal);
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

  onBeforeExit(listener: () => void): () => void {
    return this.#on('beforeExit', listener);
  }

  onDisconnect(listener: () => void): () => void {
    return this.#on('disconnect', listener);
  }

  onOwnSignal(listener: (signal: string) => void): () => void {
    return this.#on('own signal', (signal) => listener(String(signal)));
  }

  onExit(listener: (exit: ProcessExit) => void): () => void {
    // Only `emitExit()` emits it.
    return this.#on('exit', (exit) => listener(exit as ProcessExit));
  }

  signalNumber(signal: string): number {
    return SIGNAL_NUMBERS.get(signal) ?? 0;
  }

  raise(signal: string): void {
    this.raised.push(signal);
    this.emitSignal(signal);
  }

  setExitCode(code: number): void {
    if ((this.exitCode ?? 0) === 0) this.exitCode = code;
  }

  endWhenIdle(onIdle: () => void): void {
    const off = this.#on('beforeExit', () => {
      off();
      onIdle();
    });
  }

  exit(code?: number): void {
    this.exits.push(code ?? this.exitCode ?? 0);
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
