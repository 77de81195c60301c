import type { InstanceMessage } from './messages.js';

/** Sends a message to main.ts, which forked this process. */
export function tell(message: InstanceMessage): void {
  process.send?.(message);
}
