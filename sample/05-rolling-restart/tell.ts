import type { InstanceMessage } from './messages.js';

/** Tells main.ts, which forked this process. */
export function tell(message: InstanceMessage): void {
  process.send?.(message);
}
