import type { LoggerService } from '@nestjs/common';
import type { Scenario } from '../scenario.js';
import { note } from './note.js';

/** The logger of the scenario; each writes its lines down first, and then fails where it is to fail. */
export function loggerOf(kind: Scenario['logger']): LoggerService | false | undefined {
  if (kind === 'nest') return undefined;
  if (kind === 'none') return false;
  const write = (text: unknown): unknown => {
    note({ what: 'log', text: String(text) });
    switch (kind) {
      case 'throwing':
        throw new Error('the log is full');
      case 'rejecting':
        return Promise.reject(new Error('the log is far away'));
      case 'never-settling':
        return new Promise(() => undefined);
      case 'custom':
        return undefined;
    }
  };
  return { log: write, warn: write, error: write };
}
