import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Readiness } from '../readiness/readiness.js';

/**
 * A health indicator for `@nestjs/terminus` that is down while the app starts or shuts down.
 *
 * Provide it in the module of your health controller.
 *
 * @example
 * ```ts
 * this.health.check([() => this.shutdown.isReady('readiness')]);
 * ```
 */
@Injectable()
export class ShutdownHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(Readiness) private readonly readiness: Readiness,
  ) {}

  /**
   * Up when the app may receive traffic; otherwise down, with the readiness as `state`.
   *
   * @param key the key in the result of the health check; `shutdown` by default
   */
  isReady(key = 'shutdown'): HealthIndicatorResult {
    const { state } = this.readiness;
    const check = this.indicators.check(key);
    return state === 'ready' ? check.up() : check.down({ state });
  }
}
