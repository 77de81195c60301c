/**
 * When each of so many clients has its turn: milliseconds from the start. The window is cut into as many slots
 * and each turn falls somewhere into its own, so that they are even and yet not in step with anything.
 */
export function turnsWithin(
  count: number,
  window: number,
  random: () => number = Math.random,
): readonly number[] {
  const slot = window / count;
  return Array.from({ length: count }, (_, index) => (index + random()) * slot);
}
