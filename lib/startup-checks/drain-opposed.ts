import type { Notice } from '../notice.js';
import { finding } from './finding.js';

/** Options of Nest's applications that do by themselves what the drain is there to avoid. */
const OPPOSED = ['forceCloseConnections', 'return503OnClosing'];

/**
 * Fires when the app was created with options that work against the drain.
 *
 * @param optionsSet returns those of a list that are set
 */
export function checkDrainOpposed(
  optionsSet: (names: readonly string[]) => readonly string[],
): readonly Notice[] {
  const options = optionsSet(OPPOSED);
  return options.length > 0 ? [drainOpposed(options)] : [];
}

export function drainOpposed(options: readonly string[]): Notice {
  return finding(
    'drain-opposed',
    `The app is created with ${options.join(' and ')}, which works against the drain: forceCloseConnections cuts what the drain lets finish, return503OnClosing refuses what it still serves. The drain runs first and leaves them nothing to do: remove them. To refuse late requests, set http: { late: 'reject' }.`,
  );
}
