import { ShutdownLog } from '../../lib/logging/shutdown-log.js';
import type { Notice } from '../../lib/notice.js';

/** What a logger is given: a text, and for an error its stack. */
export interface Line {
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
  readonly stack?: string;
}

/** The line that a notice is logged as. */
export function logged(notice: Notice | undefined): Line | undefined {
  const lines: Line[] = [];
  const take =
    (level: Line['level']) =>
    (text: string, stack?: string): void =>
      void lines.push(stack === undefined ? { level, text } : { level, text, stack });
  const log = new ShutdownLog({ log: take('log'), warn: take('warn'), error: take('error') });
  if (notice !== undefined) log.notice(notice);
  return lines[0];
}
