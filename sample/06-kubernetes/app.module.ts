import { Controller, Get, Module } from '@nestjs/common';
import { GracefulShutdownModule, type GracefulShutdownOptions } from 'nestjs-phased-shutdown';

/** Both times are the defaults under Kubernetes. The manifests stand on them, so they are written out. */
export const SHUTDOWN = {
  shutdownDelay: 5_000,
  gracePeriod: 30_000,
  probes: { readiness: '/readyz', liveness: '/livez' },
} as const satisfies GracefulShutdownOptions;

@Controller()
export class HelloController {
  @Get()
  greet(): string {
    return 'Hello';
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot(SHUTDOWN)],
  controllers: [HelloController],
})
export class AppModule {}
