import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainMicroservices } from 'nestjs-phased-shutdown/microservices';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      features: [
        drainMicroservices(),
        () => ({ prepare: () => [{ name: 'Queue.pause', phase: 'drain', run: () => undefined }] }),
        () => ({
          prepare: () => {
            throw new Error('no connection yet');
          },
        }),
      ],
    }),
  ],
})
export class FeaturedModule {}
