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
  write(text: string): unknown;
  end(): unknown;
}

/** Ends a stream of server-sent events between two events, so that its client sees a complete body. */
export function endEventStream(
  response: Pick<EventStream, 'end'> & { write(chunk: string): unknown },
  { retry, event }: EventStreamFarewell,
  random: () => number,
): void {
  const lines: string[] = [];
  if (event?.type !== undefined) lines.push(`event: ${event.type}`);
  if (event !== undefined) lines.push(...event.data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`));
  if (retry !== undefined) lines.push(`retry: ${Math.round(retry * (0.5 + random()))}`);
  if (lines.length > 0) response.write(`${lines.join('\n')}\n\n`);
  response.end();
}
