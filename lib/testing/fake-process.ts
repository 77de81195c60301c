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

/** A process that records what is done to it and never exits. */
export class FakeProcess implements ProcessPort {
  readonly platform: Platform = {
    inKubernetes: false,
    defaultSignals: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'],
    knownSignals: [...SIGNAL_NUMBERS.keys()],
  };

  /** The exit code set by the application or by the shutdown. */
  exitCode: number | undefined;
  /** The codes passed to `exit`. */
  readonly exits: number[] = [];
  /** The signals that the process sent to itself. */
  readonly raised: string[] = [];
  /** The signals without a listener: each would have killed the process. */
  readonly killedBy: string[] = [];
  /** The lines written to standard error. */
  readonly lines: string[] = [];
  /** Whether the process survives an output that has lost its reader. */
  keepsWriting = false;
  /** What `leftovers()` returns. Set it to simulate resources that keep the process alive. */
  keptAliveBy: readonly string[] = [];

  /** The commands of its parent processes, up to the first process of the container. */
  commandsAbove: readonly string[] | undefined = ['/sbin/init'];

  readonly #listeners = new Map<string, Set<Listener>>();

  /** The events with listeners, one entry per listener. */
  get listenedTo(): readonly string[] {
    return [...this.#listeners].flatMap(([event, listeners]) => Array.from(listeners, () => event));
  }

  /** Sends a signal. Without a listener, it is recorded in `killedBy`. */
  emitSignal(signal: string): void {
    if (!this.#emit(signal, signal)) this.killedBy.push(signal);
  }

  /** Sends a message, as a parent process does. */
  emitMessage(message: unknown): void {
    this.#emit('message', message);
  }

  /** Simulates an uncaught exception or an unhandled rejection. */
  emitFatal(origin: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
    this.#emit(origin, error);
  }

  /** Simulates an empty event loop. */
  emitBeforeExit(): void {
    this.#emit('beforeExit', undefined);
  }

  /** Simulates that the cluster primary disconnects this worker or dies. */
  emitDisconnect(): void {
    this.#emit('disconnect', undefined);
  }

  /** Simulates a call of `process.exit()` by other code. */
  emitExit(code: number, caller?: string): void {
    this.exitCode = code;
    this.#emit('exit', { code, caller });
  }

  /** Simulates that the process sends itself a signal with `process.kill(process.pid, signal)`. */
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
    // Only `emitExit()` emits this event.
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

  /** The logger of a test does not write to an output. */
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
