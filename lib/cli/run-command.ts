import type { Platform } from '../process/process-port.js';
import { ShutdownConfigurationError } from '../plan/mistake.js';
import type { Answer } from './answer.js';
import { answerReport } from './answer-report.js';
import { readCommand, type Command } from './command-line.js';
import { helpText } from './help.js';
import { ownVersion } from './version.js';
import { WrongUse, firstLine } from './wrong-use.js';

/** Runs the command. Never throws. */
export async function runCommand(args: readonly string[], platform: Platform): Promise<Answer> {
  try {
    return await answerTo(readCommand(args), platform);
  } catch (error) {
    if (error instanceof ShutdownConfigurationError) {
      return { exitCode: 1, result: '', remarks: [error.message] };
    }
    return {
      exitCode: 2,
      result: '',
      remarks: [error instanceof WrongUse ? error.message : firstLine(error)],
    };
  }
}

async function answerTo(command: Command, platform: Platform): Promise<Answer> {
  switch (command.kind) {
    case 'help':
      return { exitCode: 0, result: helpText(command.of), remarks: [] };
    case 'version':
      return { exitCode: 0, result: ownVersion(), remarks: [] };
    // Nest is loaded only for commands that need the application.
    case 'plan':
      return (await import('./answer-plan.js')).answerPlan(command, platform);
    case 'check':
      return (await import('./answer-check.js')).answerCheck(command, platform);
    case 'report':
      return answerReport(command);
  }
}
