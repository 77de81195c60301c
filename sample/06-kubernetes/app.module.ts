import { Controller, Get, Module } from '@nestjs/common';
import { GracefulShutdownModule, type GracefulShutdownOptions } from 'nestjs-phased-shutdown';

/** Both times are the defaults on Kubernetes. They are written out because the manifests depend on them. */
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
