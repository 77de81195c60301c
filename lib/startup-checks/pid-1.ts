import type { Notice } from '../notice.js';
import { finding } from './finding.js';

/**
 * Fires when the process is the first of its container, and no init looks after what it leaves behind.
 *
 * @param ancestors the commands from the parent up to the first process; `undefined` outside a container
 */
export function checkPid1(ancestors: readonly string[] | undefined): readonly Notice[] {
  return ancestors?.length === 0 ? [pid1()] : [];
}

export function pid1(): Notice {
  return finding(
    'pid-1',
    'This is process 1 of its container: child processes that outlive their parents are never reaped, and a signal without a listener is ignored instead of ending the process. Start it under an init, such as tini or `docker run --init`.',
  );
}
