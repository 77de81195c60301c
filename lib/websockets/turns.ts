/**
 * The milliseconds from the start at which each client has its turn. The window has one slot per client, and each
 * turn is at a random time in its slot: evenly spread, but not in step with other instances.
 */
export function turnsWithin(
  count: number,
  window: number,
  random: () => number = Math.random,
): readonly number[] {
  const slot = window / count;
  return Array.from({ length: count }, (_, index) => (index + random()) * slot);
}
