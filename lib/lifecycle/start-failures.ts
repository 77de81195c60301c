/** Passes failures that keep the application from becoming ready to whoever can shut it down. */
export class StartFailures {
  #onFailure: ((error: unknown) => void) | undefined;
  /** Failures reported before there was a listener. */
  readonly #early: unknown[] = [];

  /** Shuts the application down with a failure exit code. */
  report(error: unknown): void {
    if (this.#onFailure === undefined) this.#early.push(error);
    else this.#onFailure(error);
  }

  /** Called for each failure, including earlier ones. Replaces the previous listener. */
  listen(onFailure: (error: unknown) => void): void {
    this.#onFailure = onFailure;
    for (const error of this.#early.splice(0)) onFailure(error);
  }
}
