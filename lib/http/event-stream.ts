/** What clients of server-sent events receive before their stream ends. */
export interface EventStreamFarewell {
  /**
   * Milliseconds until clients reconnect (the `retry` field). Each stream gets a random value from 0.5 to 1.5 times
   * this, so that clients do not return all at once. Without it, clients use their own delay.
   */
  readonly retry?: number;
  /** A last event. */
  readonly event?: { readonly type?: string; readonly data: string };
}

/** The part of a response that an event stream needs. */
export interface EventStream {
  write(...chunk: readonly unknown[]): unknown;
  end(...chunk: readonly unknown[]): unknown;
}

/**
 * Ends a stream of server-sent events between two events, so that its client receives a complete body.
 *
 * The handler notices when the response closes, and may write until then. Those writes are discarded: Node would
 * emit an error that nobody listens for.
 */
export function endEventStream(
  response: EventStream,
  { retry, event }: EventStreamFarewell,
  random: () => number,
): void {
  const lines: string[] = [];
  if (event?.type !== undefined) lines.push(`event: ${event.type}`);
  if (event !== undefined) lines.push(...event.data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`));
  if (retry !== undefined) lines.push(`retry: ${Math.round(retry * (0.5 + random()))}`);
  if (lines.length > 0) response.write(`${lines.join('\n')}\n\n`);
  response.end();
  response.write = (...args) => {
    callBack(args);
    return false;
  };
  response.end = (...args) => {
    callBack(args);
    return response;
  };
}

/** Calls the callback of a discarded write, so that no caller waits forever. */
export function callBack(args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') setImmediate(() => void Reflect.apply(callback, undefined, []));
}
