import { Injectable, Module } from '@nestjs/common';
import { GracefulShutdownModule, OnShutdown } from 'nestjs-phased-shutdown';

@Injectable()
class Outbox {
  @OnShutdown('flsh')
  publish(): void {}
}

@Module({ imports: [GracefulShutdownModule.forRoot({ gracePeriod: 30 })], providers: [Outbox] })
export class MisspeltModule {}

@Module({ providers: [Outbox] })
export class BareModule {}

@Module({ imports: [GracefulShutdownModule.forRoot(), GracefulShutdownModule.forRoot({})] })
export class TwiceModule {}

@Injectable()
class Lonely {
  constructor(readonly missing: Outbox) {}
}

@Module({ imports: [GracefulShutdownModule.forRoot()], providers: [Lonely] })
export class UnresolvedModule {}

export const answer = 42;
