import type { Clock } from '../run/clock.js';
import { nodeProcess } from './node-process.js';
import { noticeLines } from './notice-lines.js';
import { ProcessGuard } from './process-guard.js';
import type { ProcessPort } from './process-port.js';
import { systemClock } from './system-clock.js';

/** The guard's key on `globalThis`, where a second copy of the package also finds it. */
const GUARD = Symbol.for('nestjs-phased-shutdown.guard');

/**
 * The guard of this process. All applications share it, since only one guard can end the process. It stays
 * registered, without listeners while no application is attached.
 */
export function sharedGuard(): { readonly guard: ProcessGuard; readonly isSecondCopy: boolean } {
  const known: unknown = Reflect.get(globalThis, GUARD);
  if (known instanceof ProcessGuard) return { guard: known, isSecondCopy: false };
  const guard = guardOf(nodeProcess, systemClock);
  if (known === undefined) Object.defineProperty(globalThis, GUARD, { value: guard });
  return { guard, isSecondCopy: known !== undefined };
}

/**
 * A guard that logs to its applications' loggers, once per logger, and also writes to standard error: the process may
 * exit right after, and a logger does not say when it writes. The direct line is omitted if Nest's Logger has just
 * printed it.
 */
export function guardOf(port: ProcessPort, clock: Clock): ProcessGuard {
  return new ProcessGuard(port, clock, (notice, applications) => {
    const logs = new Map(applications.map(({ log }) => [log.place, log]));
    logs.delete(false);
    if (logs.size === 0) return;
    const isPrinted = port.isWritten(() => {
      for (const log of logs.values()) log.notice(notice);
    });
    const isNest = [...logs.keys()].every((place) => place === undefined);
    if (isPrinted && isNest) return;
    for (const line of noticeLines(notice)) port.writeLine(line);
  });
}
