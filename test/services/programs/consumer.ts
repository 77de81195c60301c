// One instance of a service that takes numbers: prints `start 17` and `end 17` for each.
import 'reflect-metadata';
import { Module, type INestApplication, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainMicroservices } from 'nestjs-phased-shutdown/microservices';
import {
  address,
  destroyMs,
  drainTimeout,
  handlerMs,
  isHybrid,
  isUnguarded,
  kind,
  pause,
  say,
  transportName,
} from './scene.js';
import { transportNamed } from './transport.js';

const transport = await transportNamed(transportName);

/** As a pool does that closes when everything else has ended. */
class Database {
  onModuleDestroy(): Promise<void> {
    say('destroy');
    return pause(destroyMs);
  }
}

const lines = { log: say, warn: say, error: say };

class AppModule {}
Module({
  imports: isUnguarded
    ? []
    : [
        GracefulShutdownModule.forRoot({
          phases: [{ name: 'drain', timeout: drainTimeout }],
          features: [drainMicroservices()],
          logger: lines,
        }),
      ],
  controllers: [
    transport.controller(kind, address, async (n) => {
      say(`start ${n}`);
      await pause(handlerMs);
      say(`end ${n}`);
    }),
  ],
  providers: [Database],
})(AppModule);

const options = await transport.server(address);
const start = isHybrid ? startHybrid : startMicroservice;
const app = await start();
if (isUnguarded) app.enableShutdownHooks();
say('started');

async function startMicroservice(): Promise<INestMicroservice> {
  const microservice = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    ...options,
    logger: false,
  });
  if (!isUnguarded) enableGracefulShutdown(microservice);
  await microservice.listen();
  return microservice;
}

async function startHybrid(): Promise<INestApplication> {
  const hybrid = await NestFactory.create(AppModule, { logger: false });
  hybrid.connectMicroservice<MicroserviceOptions>(options);
  if (!isUnguarded) enableGracefulShutdown(hybrid);
  await hybrid.startAllMicroservices();
  await hybrid.listen(0, '127.0.0.1');
  return hybrid;
}
