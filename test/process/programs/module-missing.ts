// An application that does not import the module asks for the guarantee.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, ShutdownConfigurationError } from 'nestjs-phased-shutdown';
import { say } from './scene.js';

class AppModule {}

const app = await NestFactory.create({ module: AppModule }, { logger: false });
try {
  enableGracefulShutdown(app);
} catch (error) {
  if (error instanceof ShutdownConfigurationError) for (const { code } of error.mistakes) say(code);
}
