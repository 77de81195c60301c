import type { MistakeList } from './mistake.js';
import { nameAdvice } from './nearest-name.js';

/** The longest time that a timer of JavaScript can hold: 2^31 - 1 milliseconds, nearly 25 days. */
export const MAX_TIMEOUT = 2_147_483_647;

/** Where a value stands in the configuration, and where to say what is wrong with it. */
export interface Place {
  readonly path: string;
  readonly mistakes: MistakeList;
}

/** A value as it appears in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Milliseconds for a timer: a positive finite number. */
export function isTimeout(value: unknown, { path, mistakes }: Place): value is number {
  if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT) return true;
  mistakes.add(
    'SHUTDOWN_INVALID_TIMEOUT',
    path,
    `expected milliseconds, a number above 0 and at most ${MAX_TIMEOUT}, got ${shown(value)}.`,
  );
  return false;
}

/** Milliseconds where 0 means not at all. */
export function isDuration(value: unknown, place: Place): value is number {
  return value === 0 || isTimeout(value, place);
}

export function isName(value: unknown, { path, mistakes }: Place): value is string {
  if (typeof value === 'string' && value.trim() !== '') return true;
  mistakes.add('SHUTDOWN_INVALID_NAME', path, `expected a name that is not empty, got ${shown(value)}.`);
  return false;
}

export function isOneOf<T extends string>(
  value: unknown,
  known: readonly T[],
  { path, mistakes }: Place,
): value is T {
  if (known.some((each) => each === value)) return true;
  mistakes.add(
    'SHUTDOWN_INVALID_OPTION',
    path,
    `${shown(value)} is not one of the values here. ${nameAdvice(value, known)}`,
  );
  return false;
}

/** A value of any other kind, told by its name: `a function`, `true or false`. */
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

/** Refuses keys that nobody reads: a misspelt option would otherwise be ignored in silence. */
export function checkKeys(value: object, known: readonly string[], { path, mistakes }: Place): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    mistakes.add(
      'SHUTDOWN_UNKNOWN_OPTION',
      path === '' ? key : `${path}.${key}`,
      `there is no such option. ${nameAdvice(key, known)}`,
    );
  }
}
