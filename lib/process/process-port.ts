/** What the options need to know about the platform. */
export interface Platform {
  readonly inKubernetes: boolean;
  /** The signals that start a shutdown by default. */
  readonly defaultSignals: readonly string[];
  /** The signals that a process can handle on this platform. */
  readonly knownSignals: readonly string[];
}

/** How the process exits. */
export interface ProcessExit {
  readonly code: number;
  /** The source location that called `process.exit()`, if known. */
  readonly caller?: string | undefined;
}

/** The process, reduced to what we use of it. Each `on…` method returns a function that removes the listener. */
export interface ProcessPort {
  readonly platform: Platform;
  /** Calls back on each signal. */
  onSignal(signal: string, listener: (signal: string) => void): () => void;
  /** Calls back on each message from the parent process. */
  onMessage(listener: (message: unknown) => void): () => void;
  /** Calls back on a fatal error, in place of Node's crash. */
  onFatalError(
    origin: 'uncaughtException' | 'unhandledRejection',
    listener: (error: unknown) => void,
  ): () => void;
  /** Calls back when the event loop is empty. */
  onBeforeExit(listener: () => void): () => void;
  /** Calls back once when the cluster primary disconnects this worker or dies. */
  onDisconnect(listener: () => void): () => void;
  /** Calls back on each signal that the process sends to itself. */
  onOwnSignal(listener: (signal: string) => void): () => void;
  /** Calls back when the process exits, for any reason. Only synchronous work is safe here. */
  onExit(listener: (exit: ProcessExit) => void): () => void;
  /** The number of a signal, for the exit code 128 + n. */
  signalNumber(signal: string): number;
  /** Sends the signal to the process itself. */
  raise(signal: string): void;
  /** Sets the exit code, unless the application has set a nonzero one. */
  setExitCode(code: number): void;
  /**
   * Lets the process exit as soon as its event loop is empty. The channel to a parent process does not keep it alive.
   *
   * @param onIdle called when the loop is empty; `beforeExit` listeners may start new work then
   */
  endWhenIdle(onIdle: () => void): void;
  /** Exits the process now; without `code`, with the exit code that is set. */
  exit(code?: number): void;
  /**
   * Writes a line to standard error synchronously, because the process may exit right after. If nobody reads it, the
   * line is dropped after a moment.
   */
  writeLine(line: string): void;
  /** Calls a logger. Returns whether it wrote to standard output or standard error and everything was flushed. */
  isWritten(log: () => void): boolean;
  /** From now on, losing the reader of an output does not end the process. */
  keepWriting(): void;
  /**
   * The commands of the processes above this one, from its parent up to the first process of the container. Empty if
   * this is the first process, `undefined` if the platform does not reveal them.
   */
  ancestors(): readonly string[] | undefined;
  /** The number of listeners of a signal, including ours. */
  listenerCount(signal: string): number;
  /** What keeps the process alive: kinds, addresses, paths, pids. */
  leftovers(): readonly string[];
}
