import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';

// It speaks as it is loaded, and leaves something behind that would keep a process alive.
process.stdout.write('loading\n');
setInterval(() => undefined, 1_000);

@Module({ imports: [GracefulShutdownModule.forRoot()] })
export class NoisyModule {}
