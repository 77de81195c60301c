/** What the options need to know of the place where the application runs. */
export interface Platform {
  readonly inKubernetes: boolean;
  /** The signals that start a shutdown unless the options name others. */
  readonly defaultSignals: readonly string[];
  /** The signals that a process can receive and handle here. */
  readonly knownSignals: readonly string[];
}

/** How the process exits. */
export interface ProcessExit {
  readonly code: number;
  /** The place in the code that called `process.exit()`, where one did. */
  readonly caller?: string | undefined;
}

/** The process, as far as we touch it. */
export interface ProcessPort {
  readonly platform: Platform;
  /** Calls back at each signal; the answer takes the listener off again. */
  onSignal(signal: string, listener: (signal: string) => void): () => void;
  /** Calls back at each message of a parent process; the answer takes the listener off again. */
  onMessage(listener: (message: unknown) => void): () => void;
  /** Calls back in place of the end that Node would make; the answer takes the listener off again. */
  onFatalError(
    origin: 'uncaughtException' | 'unhandledRejection',
    listener: (error: unknown) => void,
  ): () => void;
  /** Calls back when nothing is left to do; the answer takes the listener off. */
  onBeforeExit(listener: () => void): () => void;
  /** Calls back once when the primary of the cluster disconnects this worker or has gone; the answer takes it off. */
  onDisconnect(listener: () => void): () => void;
  /** Calls back at each signal that the process sends to itself; the answer takes the listener off. */
  onOwnSignal(listener: (signal: string) => void): () => void;
  /** Calls back when the process exits by itself or is made to; what is not done before the call returns is lost. */
  onExit(listener: (exit: ProcessExit) => void): () => void;
  /** The number of a signal, for the exit code 128 + n. */
  signalNumber(signal: string): number;
  /** Sends the signal to the process itself. */
  raise(signal: string): void;
  /** Sets the code that the process ends with, unless the application has set one other than 0. */
  setExitCode(code: number): void;
  /**
   * Ends the process as soon as nothing is left to do. The channel to a parent process is nothing to do.
   *
   * @param onIdle called when it has come that far; listeners of `beforeExit` may begin something then
   */
  endWhenIdle(onIdle: () => void): void;
  /** Ends the process now, without a code with the one that is set. */
  exit(code?: number): void;
  /**
   * Writes a line to standard error before it returns: the process may end right after. Where nobody reads it, the
   * line is dropped after a moment.
   */
  writeLine(line: string): void;
  /** Calls a logger; says whether it has written to standard output or standard error, and all of it is out. */
  isWritten(log: () => void): boolean;
  /** From now on an output that nobody reads any more is no reason to end the process. */
  keepWriting(): void;
  /**
   * The commands of the processes above this one, from its parent up to the first of the container; empty where
   * this is the first, `undefined` where the platform does not tell.
   */
  ancestors(): readonly string[] | undefined;
  /** How many listeners a signal has, ours among them. */
  listenerCount(signal: string): number;
  /** What keeps the process alive, by kind, address, path or pid. */
  leftovers(): readonly string[];
}
