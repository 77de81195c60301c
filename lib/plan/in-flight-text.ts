import { seconds } from './plan-text.js';
import type { InFlightItem } from './task.js';

/** The first items that are named; the others are counted. */
const NAMED = 3;

/** Items in flight with their ages: `charge card 61.5 s, send mail 0.9 s, 4 more`. */
export function inFlightText(items: readonly InFlightItem[]): string {
  const named = items.slice(0, NAMED).map(({ name, ageMs }) => `${name} ${seconds(ageMs)}`);
  if (items.length > named.length) named.push(`${items.length - named.length} more`);
  return named.join(', ');
}
