import type { Wrapper } from './provider-scan.js';
import { isObject } from '../nest/members.js';

/** The token of the options of `@nestjs/terminus`, on Nest 11 and 12. */
const TERMINUS_OPTIONS = 'TERMINUS:MODULE_OPTIONS';

/**
 * The milliseconds that `@nestjs/terminus` waits for load balancers, if any. It waits in `beforeApplicationShutdown`,
 * which Nest calls after the phases.
 */
export function findTerminusDelay(all: readonly Wrapper[]): number | undefined {
  for (const { token, instance } of all) {
    if (token !== TERMINUS_OPTIONS || !isObject(instance)) continue;
    const timeoutMs: unknown = Reflect.get(instance, 'gracefulShutdownTimeoutMs');
    if (typeof timeoutMs === 'number' && timeoutMs > 0) return timeoutMs;
  }
  return undefined;
}
