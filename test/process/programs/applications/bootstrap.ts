import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';

@Module({ imports: [GracefulShutdownModule.forRoot()] })
export class AppModule {}

process.stdout.write('starting\n');
const app = await NestFactory.create(AppModule);
await app.listen(0, '127.0.0.1');
