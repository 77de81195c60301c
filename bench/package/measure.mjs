// Prints one number about a package: `import`, the milliseconds of the processor that its import takes after Nest's own;
// `boot`, those of the boot of an application that imports its module; `exports`, how many names it exports.
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
const importedAt = process.cpuUsage();
const loaded = name === 'none' ? {} : await import(name);
const importMs = msSince(importedAt);
if (what === 'import') console.log(importMs);
else if (what === 'exports') console.log(Object.keys(loaded).filter((each) => each !== 'default').length);
else console.log(await bootMs());

async function bootMs() {
  class AppModule {}
  Module({ imports: MODULES[name](loaded) })(AppModule);
  const startedAt = process.cpuUsage();
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const ms = msSince(startedAt);
  await app.close();
  return ms;
}

function msSince(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
