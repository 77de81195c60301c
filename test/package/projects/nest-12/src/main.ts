import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  enableGracefulShutdown(app);
  await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
  Logger.log(`listening on ${await app.getUrl()}`, 'main');
}
await bootstrap();
