import { keepsSignals } from '../../startup-checks/signals-kept.js';
import { nameAdvice } from '../../plan/nearest-name.js';
import type { Grant } from '../manifests/grant.js';
import { note, wrong, type Finding, type Measured } from './finding.js';

const SHELL = /^(?:\S*\/)?(?:ba|da|a|z)?sh\s/;

/** Checks that the application listens to what the platform sends, and that it reaches the application. */
export function checkSignal({ settings }: Measured, { stopBy, command }: Grant): readonly Finding[] {
  const findings: Finding[] = [];
  if (stopBy.kind === 'message' && !settings.ipc) {
    findings.push(
      wrong(
        `${stopBy.setting} sends a message instead of a signal, but the application does not listen to messages. Set ipc: true.`,
      ),
    );
  }
  if (stopBy.kind === 'signal' && !settings.signals.includes(stopBy.signal)) {
    const where = stopBy.setting === '' ? '' : ` (${stopBy.setting})`;
    findings.push(
      wrong(
        `The platform sends ${stopBy.signal}${where}, but the application does not listen to it. ${nameAdvice(stopBy.signal, settings.signals)}`,
      ),
    );
  }
  return [...findings, ...checkCommand(command)];
}

function checkCommand(command: string | undefined): readonly Finding[] {
  // With `exec`, the shell is replaced by the command and cannot swallow the signal.
  if (command === undefined || !keepsSignals(command) || /\bexec\b/.test(command)) return [];
  if (SHELL.test(command)) {
    return [
      note(
        `\`${command}\` starts a shell, and not every shell forwards signals. Start node directly, or with exec.`,
      ),
    ];
  }
  return [
    wrong(
      `\`${command}\` does not forward signals, so the application may never receive one. Start node directly: node dist/main.js.`,
    ),
  ];
}
