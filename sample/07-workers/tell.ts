import type { InstanceMessage, LoadMessage } from './messages.js';

/** Sends a message to main.ts, which forked this process. */
export function tell(message: InstanceMessage | LoadMessage): void {
  process.send?.(message);
}
