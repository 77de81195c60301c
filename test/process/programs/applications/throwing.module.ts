import { Inject, Injectable, Module } from '@nestjs/common';
import { GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';

function refuse(what: string): never {
  throw new Error(`${what} was made`);
}

@Injectable()
class Pool {
  constructor() {
    refuse('Pool');
  }

  @OnShutdown()
  end(): void {}

  onModuleInit(): void {
    refuse('the connection');
  }
}

@Injectable()
class Orders {
  constructor(
    @Inject(Pool) readonly pool: Pool,
    @Inject('CACHE') readonly cache: unknown,
  ) {
    refuse('Orders');
  }

  @OnShutdown()
  end(): void {}
}

/** Nothing of it can be made. */
@Module({
  imports: [GracefulShutdownModule.forRoot({ probes: { port: 1 } })],
  providers: [Pool, Orders, { provide: 'CACHE', useFactory: () => refuse('CACHE') }],
})
export class AppModule {
  constructor() {
    refuse('AppModule');
  }
}
