const UTC = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** A time for people, `2026-11-24 21:12:00 UTC`, and for machines. */
export interface Instant {
  readonly text: string;
  readonly iso: string;
}

/**
 * Formats a time; `undefined` if it is outside of the range of `Date`.
 *
 * @param at milliseconds since the epoch
 */
export function instant(at: number): Instant | undefined {
  try {
    const parts = new Map(UTC.formatToParts(at).map(({ type, value }) => [type, value]));
    const of = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    const date = `${of('year')}-${of('month')}-${of('day')}`;
    const time = `${of('hour')}:${of('minute')}:${of('second')}`;
    return { text: `${date} ${time} UTC`, iso: `${date}T${time}Z` };
  } catch {
    return undefined;
  }
}
