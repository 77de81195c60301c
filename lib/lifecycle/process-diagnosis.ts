import type { Finding } from '../logging/notice.js';
import type { ProcessPort } from './process-port.js';

/** Programs that run another one and keep a signal to themselves, by the first word of their command. */
const KEEPS_SIGNALS = /^(?:\S*\/)?(?:-?(?:sh|bash|dash|ash|zsh)|npm|npx|yarn|yarnpkg|pnpm|corepack)(?:\s|$)/;

/** The same, where node runs them: npm and the like are scripts. */
const SCRIPT_KEEPS_SIGNALS =
  /^\S*node\s+\S*\/(?:npm|npx|yarn|yarnpkg|pnpm|corepack)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/** The signals that a platform or a terminal sends to end a process. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'];

/**
 * What is wrong with the place of the process among the others. Only the first process of a container is sent
 * the platform's signal; below systemd, a terminal or a process manager each gets its own.
 */
export function diagnosePlace(port: Pick<ProcessPort, 'ancestors'>): readonly Finding[] {
  const ancestors = port.ancestors();
  if (ancestors === undefined) return [];
  const first = ancestors.at(-1);
  if (first === undefined) return [{ kind: 'pid-1' }];
  // One program in between that is none of these runs the process for reasons of its own.
  return ancestors.every(keepsSignals) ? [{ kind: 'signals-kept', command: first }] : [];
}

/** Whether a command is of a program that runs another one and hands no signal on. */
export function keepsSignals(command: string): boolean {
  return KEEPS_SIGNALS.test(command) || SCRIPT_KEEPS_SIGNALS.test(command);
}

/** Whether others listen to signals as well. */
export function diagnoseListeners(
  port: Pick<ProcessPort, 'listenerCount'>,
  /** The signals that we listen to, each with one listener. */
  ours: ReadonlySet<string>,
): readonly Finding[] {
  const signals = ENDING_SIGNALS.filter((signal) => ours.has(signal) && port.listenerCount(signal) > 1);
  return signals.length > 0 ? [{ kind: 'other-listeners', signals }] : [];
}

/** Whether nobody at all listens to the signals that are to stop the application. */
export function diagnoseSilence(
  port: Pick<ProcessPort, 'listenerCount'>,
  /** The signals that the options name. */
  wanted: readonly string[],
): readonly Finding[] {
  const signals = ENDING_SIGNALS.filter((signal) => wanted.includes(signal));
  const isHeard = signals.some((signal) => port.listenerCount(signal) > 0);
  return signals.length === 0 || isHeard ? [] : [{ kind: 'signals-unheard', signals }];
}
