/** What the options need to know of the place where the application runs. */
export interface Platform {
  readonly inKubernetes: boolean;
  /** The signals that start a shutdown unless the options name others. */
  readonly defaultSignals: readonly string[];
  /** The signals that a process can receive and handle here. */
  readonly knownSignals: readonly string[];
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
  /** Calls back when the process exits by itself or is made to; what is not done before the call returns is lost. */
  onExit(listener: (code: number) => void): () => void;
  /** The number of a signal, for the exit code 128 + n. */
  signalNumber(signal: string): number;
  /** Sends the signal to the process itself. */
  raise(signal: string): void;
  /** Ends the process with a code as soon as nothing is left to do. */
  endWhenIdle(code: number): void;
  /** Ends the process now. */
  exit(code: number): void;
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
