import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { GracefulShutdownModule, Readiness, enableGracefulShutdown } from '../../lib/index.js';
import { ShutdownHealthIndicator } from '../../lib/terminus/index.js';

@Controller()
class Health {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(ShutdownHealthIndicator) private readonly shutdown: ShutdownHealthIndicator,
  ) {}

  @Get('health')
  check(): Promise<unknown> {
    return this.health.check([() => this.shutdown.isReady('readiness')]);
  }
}

@Module({
  imports: [
    GracefulShutdownModule.forRoot({ logger: false, signals: [] }),
    TerminusModule.forRoot({ logger: false }),
  ],
  controllers: [Health],
  providers: [ShutdownHealthIndicator],
})
class AppModule {}

test('a terminus health check fails until the app is ready', async () => {
  const app = await NestFactory.create(AppModule, { logger: false });
  enableGracefulShutdown(app);
  const release = app.get(Readiness).hold('cache');
  await app.listen(0, '127.0.0.1');
  const ask = async (): Promise<readonly [number, unknown]> => {
    const response = await fetch(`${await app.getUrl()}/health`, { headers: { connection: 'close' } });
    const body: unknown = await response.json();
    return [response.status, body];
  };
  expect(await ask()).toEqual([
    503,
    expect.objectContaining({
      error: { readiness: expect.objectContaining({ status: 'down', state: 'starting' }) },
    }),
  ]);
  release();
  expect(await ask()).toEqual([
    200,
    expect.objectContaining({ info: { readiness: expect.objectContaining({ status: 'up' }) } }),
  ]);
  await app.close();
});
