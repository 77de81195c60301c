import type { Wrapper } from './provider-scan.js';
import { isObject } from '../nest/members.js';

/** Under this token `@nestjs/terminus` provides its options, on both majors of Nest. */
const TERMINUS_OPTIONS = 'TERMINUS:MODULE_OPTIONS';

/**
 * The milliseconds that `@nestjs/terminus` waits for load balancers, if it does. It waits in
 * `beforeApplicationShutdown`, which Nest calls after the phases.
 */
export function findTerminusDelay(all: readonly Wrapper[]): number | undefined {
  for (const { token, instance } of all) {
    if (token !== TERMINUS_OPTIONS || !isObject(instance)) continue;
    const timeoutMs: unknown = Reflect.get(instance, 'gracefulShutdownTimeoutMs');
    if (typeof timeoutMs === 'number' && timeoutMs > 0) return timeoutMs;
  }
  return undefined;
}
