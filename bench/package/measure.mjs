// Prints one number about a package: `import`, the milliseconds of its import after Nest's own; `boot`, those of the
// boot of an application that imports its module; `exports`, how many names it exports.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const MODULES = {
  none: () => [],
  'nestjs-phased-shutdown': ({ GracefulShutdownModule }) => [
    GracefulShutdownModule.forRoot({ logger: false }),
  ],
  '@nestjs/schedule': ({ ScheduleModule }) => [ScheduleModule.forRoot()],
  '@nestjs/terminus': ({ TerminusModule }) => [TerminusModule.forRoot({ logger: false })],
  '@nestjs/bullmq': ({ BullModule }) => [BullModule.forRoot({})],
};

const [name, what] = process.argv.slice(2);
const importedAt = performance.now();
const loaded = name === 'none' ? {} : await import(name);
const importMs = performance.now() - importedAt;
if (what === 'import') console.log(importMs);
else if (what === 'exports') console.log(Object.keys(loaded).filter((each) => each !== 'default').length);
else console.log(await bootMs());

async function bootMs() {
  class AppModule {}
  Module({ imports: MODULES[name](loaded) })(AppModule);
  const startedAt = performance.now();
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const ms = performance.now() - startedAt;
  await app.close();
  return ms;
}
