// Creates the application with another copy of Nest than the one that the library imports, and tells why that fails.
import { stdout } from 'node:process';
import { NestFactory } from 'nest-core-again';
import { AppModule } from './dist/app.module.js';

try {
  await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  stdout.write('It was created.\n');
} catch (error) {
  stdout.write(`${error.message}\n`);
}
