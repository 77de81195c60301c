/**
 * A length of time in milliseconds, from the difference of two times. It is never negative and always a number,
 * whatever the clock or a feature says, so that no report, line or error shows "-33 ms".
 */
export function duration(ms: number): number {
  return ms > 0 ? ms : 0;
}
