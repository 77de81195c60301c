import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createLightship } from 'lightship';
import { Database, listening, OrdersController } from '../shop.js';

@Module({ controllers: [OrdersController], providers: [Database] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
const lightship = await createLightship({ shutdownDelay: 300, detectKubernetes: false });
lightship.registerShutdownHandler(() => app.get(Database).close());
lightship.registerShutdownHandler(() => app.close());
await app.listen(0, '127.0.0.1');
lightship.signalReady();
await listening(app);
