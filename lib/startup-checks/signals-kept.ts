import type { Notice } from '../notice.js';
import { finding } from './finding.js';

/** Programs that run another one and keep a signal to themselves, by the first word of their command. */
const KEEPS_SIGNALS = /^(?:\S*\/)?(?:-?(?:sh|bash|dash|ash|zsh)|npm|npx|yarn|yarnpkg|pnpm|corepack)(?:\s|$)/;

/** The same programs when node runs them: npm and the like are scripts. */
const SCRIPT_KEEPS_SIGNALS =
  /^\S*node\s+\S*\/(?:npm|npx|yarn|yarnpkg|pnpm|corepack)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/**
 * Fires when only programs that swallow signals stand above the process in its container. The platform sends its
 * signal to the first process alone; below systemd, a terminal or a process manager each process gets its own.
 *
 * @param ancestors the commands from the parent up to the first process; `undefined` outside a container
 */
export function checkSignalsKept(ancestors: readonly string[] | undefined): readonly Notice[] {
  const first = ancestors?.at(-1);
  // One other program in between runs the process for reasons of its own.
  return first !== undefined && ancestors?.every(keepsSignals) === true ? [signalsKept(first)] : [];
}

/** Whether a command is of a program that runs another one and passes no signal on. */
export function keepsSignals(command: string): boolean {
  return KEEPS_SIGNALS.test(command) || SCRIPT_KEEPS_SIGNALS.test(command);
}

export function signalsKept(command: string): Notice {
  return finding(
    'signals-kept',
    `Process 1 of the container is \`${command}\`, which does not pass signals on: the platform's SIGTERM may never arrive here. Start node itself, in the exec form: CMD ["node", "dist/main.js"].`,
  );
}
