/** A timer that was started and can be taken back. */
export interface Timer {
  /** Does nothing once it has fired. */
  cancel(): void;
  /** Lets the process end although the timer still runs. */
  unref(): void;
}

/** The only way by which the engine knows time. All times are in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch; never runs backwards. */
  now(): number;
  /** Calls back once, when this much time has passed. */
  schedule(callback: () => void, delayMs: number): Timer;
}
