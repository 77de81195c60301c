import type { MistakeList } from './mistake.js';
import { nameAdvice, nearestName } from './nearest-name.js';

/** The longest delay of a JavaScript timer: 2^31 - 1 ms, nearly 25 days. */
export const MAX_TIMEOUT = 2_147_483_647;

/** The path of a value in the configuration, and the list that takes what is wrong with it. */
export interface Place {
  readonly path: string;
  readonly mistakes: MistakeList;
}

/** A value as error messages show it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Accepts the milliseconds of a timer, 0 excluded. */
export function isTimeout(value: unknown, place: Place): value is number {
  return isMilliseconds(value, 'a positive number of milliseconds', place);
}

/** Accepts the milliseconds of a timer, or 0 for "no wait". */
export function isDuration(value: unknown, place: Place): value is number {
  return value === 0 || isMilliseconds(value, '0 or a positive number of milliseconds', place);
}

function isMilliseconds(value: unknown, expected: string, { path, mistakes }: Place): value is number {
  if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT) return true;
  const isTooLong = typeof value === 'number' && value > MAX_TIMEOUT;
  mistakes.add(
    'SHUTDOWN_INVALID_TIMEOUT',
    path,
    `expected ${isTooLong ? `at most ${MAX_TIMEOUT} milliseconds` : expected}, got ${shown(value)}.`,
  );
  return false;
}

export function isName(value: unknown, { path, mistakes }: Place): value is string {
  if (typeof value === 'string' && value.trim() !== '') return true;
  mistakes.add('SHUTDOWN_INVALID_NAME', path, `expected a non-empty name, got ${shown(value)}.`);
  return false;
}

export function isOneOf<T extends string>(
  value: unknown,
  known: readonly T[],
  { path, mistakes }: Place,
): value is T {
  if (known.some((each) => each === value)) return true;
  const nearest = typeof value === 'string' ? nearestName(value, known) : undefined;
  const advice = nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
  mistakes.add(
    'SHUTDOWN_INVALID_OPTION',
    path,
    `expected one of ${known.map(shown).join(', ')}, got ${shown(value)}.${advice}`,
  );
  return false;
}

/** Accepts a value of a kind; `named` is the kind in the error message: `a function`, `true or false`. */
export function isKind<T>(
  value: unknown,
  kind: { readonly named: string; readonly test: (value: unknown) => value is T },
  { path, mistakes }: Place,
): value is T {
  if (kind.test(value)) return true;
  mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected ${kind.named}, got ${shown(value)}.`);
  return false;
}

export const BOOLEAN = {
  named: 'true or false',
  test: (value: unknown): value is boolean => typeof value === 'boolean',
};

export const FINITE_NUMBER = {
  named: 'a finite number',
  test: (value: unknown): value is number => Number.isFinite(value),
};

export const NAME_LIST = {
  named: 'a list of names',
  test: (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' && each.trim() !== ''),
};

/** Rejects unknown keys: a misspelt option would otherwise be ignored silently. */
export function checkKeys(value: object, known: readonly string[], { path, mistakes }: Place): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    mistakes.add(
      'SHUTDOWN_UNKNOWN_OPTION',
      path === '' ? key : `${path}.${key}`,
      `unknown option. ${nameAdvice(key, known)}`,
    );
  }
}
