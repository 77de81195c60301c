import { Injectable, Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';

const phases = [{ name: 'stop', timeout: 4_000 }];

@Injectable()
class Config {
  readonly phases = phases;
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

/** The options come from a factory that injects nothing. */
@Module({ imports: [GracefulShutdownModule.forRootAsync({ useFactory: async () => ({ phases }) })] })
export class PlainModule {}

@Module({
  imports: [
    GracefulShutdownModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: (config: Config) => ({ phases: config.phases }),
    }),
  ],
})
export class InjectingModule {}

@Module({
  imports: [
    GracefulShutdownModule.forRootAsync({
      useFactory: () => {
        throw new Error('DRAIN_SECONDS is not set');
      },
    }),
  ],
})
export class FailingModule {}
