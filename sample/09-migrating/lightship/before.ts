import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createLightship } from 'lightship';
import { Database, OrdersController } from '../shop.js';

@Module({ controllers: [OrdersController], providers: [Database] })
class AppModule {}

const app = await NestFactory.create(AppModule);
const lightship = await createLightship({ shutdownDelay: 300 });
lightship.registerShutdownHandler(() => app.close());
lightship.registerShutdownHandler(() => app.get(Database).close());
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
lightship.signalReady();
