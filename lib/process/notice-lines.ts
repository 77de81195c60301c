import type { Notice } from '../notice.js';
import { stackText } from '../plan/reason-text.js';

/** The lines of a notice on standard error, for where no logger takes it in time. */
export function noticeLines({ text, error }: Notice): readonly string[] {
  const stack = error === undefined ? undefined : stackText(error);
  return [`[GracefulShutdown] ${text}`, ...(stack === undefined ? [] : [stack])];
}
