import { noticeSentence } from '../logging/sentences.js';
import { nodeProcess } from './node-process.js';
import type { Clock } from '../run/clock.js';
import { ProcessGuard } from './process-guard.js';
import type { ProcessPort } from './process-port.js';
import { systemClock } from './system-clock.js';

/** Under this name the guard stands in the process, where a second copy of the package would find it too. */
const GUARD = Symbol.for('nestjs-phased-shutdown.guard');

/**
 * The guard of this process. One for all applications in it, since only one can end the process; it stays
 * where it was put, without listeners while no application is attached.
 */
export function sharedGuard(): { readonly guard: ProcessGuard; readonly isSecondCopy: boolean } {
  const known: unknown = Reflect.get(globalThis, GUARD);
  if (known instanceof ProcessGuard) return { guard: known, isSecondCopy: false };
  const guard = guardOf(nodeProcess, systemClock);
  if (known === undefined) Object.defineProperty(globalThis, GUARD, { value: guard });
  return { guard, isSecondCopy: known !== undefined };
}

/** A guard that writes what it has to say to the standard error of its process. */
export function guardOf(port: ProcessPort, clock: Clock): ProcessGuard {
  return new ProcessGuard(port, clock, (notice) => {
    const { text, stack } = noticeSentence(notice);
    port.writeLine(`[GracefulShutdown] ${text}`);
    if (stack !== undefined) port.writeLine(stack);
  });
}
