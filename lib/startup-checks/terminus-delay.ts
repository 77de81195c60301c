import type { Wrapper } from '../discovery/provider-scan.js';
import { isObject } from '../nest/members.js';
import type { Notice } from '../notice.js';
import { milliseconds } from '../plan/plan-text.js';
import { finding } from './finding.js';

/** Under this token `@nestjs/terminus` provides its options, on both majors of Nest. */
const TERMINUS_OPTIONS = 'TERMINUS:MODULE_OPTIONS';

/**
 * Fires when `@nestjs/terminus` waits for load balancers as well: it does so in `beforeApplicationShutdown`, which Nest
 * calls after the phases.
 */
export function checkTerminusDelay(all: readonly Wrapper[]): readonly Notice[] {
  for (const { token, instance } of all) {
    if (token !== TERMINUS_OPTIONS || !isObject(instance)) continue;
    const timeoutMs: unknown = Reflect.get(instance, 'gracefulShutdownTimeoutMs');
    if (typeof timeoutMs === 'number' && timeoutMs > 0) return [terminusDelay(timeoutMs)];
  }
  return [];
}

export function terminusDelay(timeoutMs: number): Notice {
  return finding(
    'terminus-delay',
    `TerminusModule has gracefulShutdownTimeoutMs: ${timeoutMs}, which waits ${milliseconds(timeoutMs)} more after the phases, when nothing is served any more. Remove it from TerminusModule.forRoot(), and set shutdownDelay: ${timeoutMs} in GracefulShutdownModule.forRoot().`,
  );
}
