/** Takes what keeps the application from ever becoming ready to whoever can shut it down. */
export class StartFailures {
  #onFailure: ((error: unknown) => void) | undefined;
  /** Those that came before anybody could act. */
  readonly #early: unknown[] = [];

  /** Shuts the application down, with an exit code that says that it failed. */
  report(error: unknown): void {
    if (this.#onFailure === undefined) this.#early.push(error);
    else this.#onFailure(error);
  }

  /** Called for each failure, also for those before; a later listener takes the place of an earlier one. */
  listen(onFailure: (error: unknown) => void): void {
    this.#onFailure = onFailure;
    for (const error of this.#early.splice(0)) onFailure(error);
  }
}
