import type { Finding } from '../logging/notice.js';
import type { ProcessPort } from './process-port.js';

/** Commands that run another program and do not forward signals to it. */
const KEEPS_SIGNALS = /^(?:\S*\/)?(?:-?(?:sh|bash|dash|ash|zsh)|npm|npx|yarn|yarnpkg|pnpm|corepack)(?:\s|$)/;

/** The same for scripts that node runs, such as npm. */
const SCRIPT_KEEPS_SIGNALS =
  /^\S*node\s+\S*\/(?:npm|npx|yarn|yarnpkg|pnpm|corepack)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/** The signals with which a platform or a terminal stops a process. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'];

/**
 * Problems with the position of this process in the process tree. In a container only the first process receives the
 * platform's signal. Under systemd, a terminal or a process manager, each process receives its own.
 */
export function diagnosePlace(port: Pick<ProcessPort, 'ancestors'>): readonly Finding[] {
  const ancestors = port.ancestors();
  if (ancestors === undefined) return [];
  const first = ancestors.at(-1);
  if (first === undefined) return [{ kind: 'pid-1' }];
  // If any other program is in between, it runs this process on purpose and we do not judge how.
  return ancestors.every(keepsSignals) ? [{ kind: 'signals-kept', command: first }] : [];
}

/** Whether a command runs another program without forwarding signals to it. */
export function keepsSignals(command: string): boolean {
  return KEEPS_SIGNALS.test(command) || SCRIPT_KEEPS_SIGNALS.test(command);
}

/** Whether other listeners are registered for our signals. */
export function diagnoseListeners(
  port: Pick<ProcessPort, 'listenerCount'>,
  /** The signals we listen to, each with one listener. */
  ours: ReadonlySet<string>,
): readonly Finding[] {
  const signals = ENDING_SIGNALS.filter((signal) => ours.has(signal) && port.listenerCount(signal) > 1);
  return signals.length > 0 ? [{ kind: 'other-listeners', signals }] : [];
}

/** Whether nobody listens to the signals that should stop the application. */
export function diagnoseSilence(
  port: Pick<ProcessPort, 'listenerCount'>,
  /** The signals named in the options. */
  wanted: readonly string[],
): readonly Finding[] {
  const signals = ENDING_SIGNALS.filter((signal) => wanted.includes(signal));
  const isHeard = signals.some((signal) => port.listenerCount(signal) > 0);
  return signals.length === 0 || isHeard ? [] : [{ kind: 'signals-unheard', signals }];
}
