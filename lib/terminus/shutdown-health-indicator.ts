import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Readiness } from '../readiness/readiness.js';

/**
 * Lets a health check of `@nestjs/terminus` fail while the application starts or shuts down.
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

  /** Up when the application may get traffic; else down, with the state of its readiness. */
  isReady(key = 'shutdown'): HealthIndicatorResult {
    const { state } = this.readiness;
    const check = this.indicators.check(key);
    return state === 'ready' ? check.up() : check.down({ state });
  }
}
