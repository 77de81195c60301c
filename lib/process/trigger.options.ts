import { isKind, shown, type Place } from '../plan/check-setting.js';
import { nameAdvice } from '../plan/nearest-name.js';
import type { Platform } from './process-port.js';

/** Checks the option `signals` against the signals that a process can handle here. */
export function signalsOf({ knownSignals }: Platform) {
  return (value: unknown, { path, mistakes }: Place): value is readonly string[] => {
    if (!Array.isArray(value)) {
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        path,
        `expected a list of signal names, got ${shown(value)}. Use [] for none.`,
      );
      return false;
    }
    const before = mistakes.all.length;
    value.forEach((signal: unknown, index) => {
      if (knownSignals.some((known) => known === signal)) return;
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        `${path}[${index}]`,
        `expected a signal that a process can handle on this platform, got ${shown(signal)}. ${nameAdvice(signal, knownSignals)}`,
      );
    });
    return mistakes.all.length === before;
  };
}

/** Checks the option `abortSignal`. Accepts an AbortSignal of another realm. */
export function isAbortSignal(value: unknown, place: Place): value is AbortSignal {
  const named = 'an AbortSignal';
  const test = (each: unknown): each is AbortSignal =>
    typeof each === 'object' &&
    each !== null &&
    typeof Reflect.get(each, 'aborted') === 'boolean' &&
    typeof Reflect.get(each, 'addEventListener') === 'function';
  return isKind(value, { named, test }, place);
}
