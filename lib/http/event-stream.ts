/** What the streams of server-sent events are told before they end. */
export interface EventStreamFarewell {
  /**
   * Milliseconds after which clients should come back, spread by half of it either way so that they do not
   * all come at once; without it they come back after their own time.
   */
  readonly retry?: number;
  /** A last event. */
  readonly event?: { readonly type?: string; readonly data: string };
}

/** What a stream of server-sent events is written to. */
export interface EventStream {
  write(...chunk: readonly unknown[]): unknown;
  end(...chunk: readonly unknown[]): unknown;
}

/**
 * Ends a stream of server-sent events between two events, so that its client sees a complete body.
 *
 * Its handler learns of it when the response closes, and may write until then: that goes nowhere, where Node
 * would raise an error that nobody listens for.
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

/** Calls back for a write that goes nowhere: whoever waits for it must not wait forever. */
export function callBack(args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') setImmediate(() => void Reflect.apply(callback, undefined, []));
}
