import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards, forwardRef } from '@nestjs/common';
import { DEFAULT_PHASES, GracefulShutdownModule, InFlight, OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
class Pool {
  @OnShutdown()
  close(): void {}
}

/** Made for each that injects it. */
@Injectable({ scope: Scope.TRANSIENT })
class Cursor {
  @OnShutdown()
  release(): void {}
}

@Injectable()
class Users {
  constructor(
    @Inject('POOL') readonly pool: Pool,
    @Inject(Cursor) readonly cursor: Cursor,
    @Inject(forwardRef(() => Orders)) readonly orders: unknown,
  ) {}

  @OnShutdown({ phase: 'telemetry', timeout: 500 })
  @OnShutdown('flush', 'sequential')
  flush(): void {}
}

@Injectable()
class Orders {
  @Inject(Pool) readonly pool: unknown;

  constructor(
    @Inject(Cursor) readonly cursor: Cursor,
    @Inject(forwardRef(() => Users)) readonly users: unknown,
  ) {}

  @OnShutdown()
  readonly close = (): void => {};

  @OnShutdown({ phase: 'drain', after: ['InFlightWork'], name: 'orders stop' })
  stop(): void {}

  @InFlight()
  async place(): Promise<void> {}
}

abstract class Broker {
  @OnShutdown({ order: -1 })
  disconnect(): void {}
}

@Injectable()
class MemoryBroker extends Broker {
  constructor(@Inject(Pool) readonly pool: Pool) {
    super();
  }
}

class Metrics {
  @OnShutdown('telemetry')
  write(): void {}
}

@Injectable()
class Gate {
  @OnShutdown('drain')
  shut(): void {}

  canActivate(): boolean {
    return true;
  }
}

@Controller()
@UseGuards(Gate)
class Front {
  constructor(@Inject(Orders) readonly orders: Orders) {}

  @Get()
  greet(): string {
    return 'Hello';
  }

  @OnShutdown('flush')
  farewell(): void {}
}

@Module({
  providers: [{ provide: 'POOL', useExisting: Pool }, Pool, Cursor],
  exports: ['POOL', Pool, Cursor],
})
class DatabaseModule {}

/** Every way in which a handler may come into an application, with phases of its own. */
@Module({
  imports: [
    DatabaseModule,
    GracefulShutdownModule.forRoot({
      shutdownDelay: 2_000,
      phases: [
        ...DEFAULT_PHASES,
        { name: 'telemetry', timeout: 1_000 },
        { name: 'audit', after: ['drain'], timeout: 9_000, onFailure: 'abort' },
        { name: 'archive', after: ['audit'], timeout: 500, enabled: false },
      ],
    }),
  ],
  controllers: [Front],
  providers: [
    Users,
    Orders,
    { provide: MemoryBroker, useFactory: (pool: Pool) => new MemoryBroker(pool), inject: [Pool] },
    { provide: 'METRICS', useValue: new Metrics() },
  ],
})
export class AppModule {}
