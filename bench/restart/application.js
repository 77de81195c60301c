import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Module, Query, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Where the balancer asks the application whether it may be sent requests. */
export const READINESS_PATH = '/readyz';

/** Whether the application says that it is ready; those that cannot know say so as long as they answer. */
export const gate = { isReady: () => true };

/** A database that fails every query once it is closed, as a pool does. */
class Database {
  #isOpen = true;

  query() {
    if (!this.#isOpen) throw new Error('the database is closed');
  }

  close() {
    this.#isOpen = false;
  }
}

class ClosedByNest extends Database {
  onModuleDestroy() {
    this.close();
  }
}

class OrdersController {
  constructor(database) {
    this.database = database;
  }

  /** Reads, works, writes. */
  async order(ms) {
    this.database.query();
    await sleep(Number(ms));
    this.database.query();
    return { ok: true };
  }

  readiness() {
    if (!gate.isReady()) throw new ServiceUnavailableException();
    return { ok: true };
  }
}

decorate(OrdersController, 'order', [Get('orders')]);
decorate(OrdersController, 'readiness', [Get(READINESS_PATH)]);
Controller()(OrdersController);
Query('ms')(OrdersController.prototype, 'order', 0);
Inject(Database)(OrdersController, undefined, 0);

/**
 * The application of every variant.
 *
 * @param imports the modules of the variant
 * @param onShutdown what marks the method that closes the database, where the variant has such a thing; else
 * it is closed in `onModuleDestroy`
 */
export async function createApplication(adapter, { imports = [], onShutdown }) {
  if (onShutdown !== undefined) decorate(Database, 'close', [onShutdown]);
  const useClass = onShutdown === undefined ? ClosedByNest : Database;
  class AppModule {}
  Module({ imports, controllers: [OrdersController], providers: [{ provide: Database, useClass }] })(
    AppModule,
  );
  return NestFactory.create(AppModule, await adapterOf(adapter), { logger: false });
}

export async function adapterOf(adapter) {
  if (adapter === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

function decorate({ prototype }, method, decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  for (const decorator of decorators) decorator(prototype, method, descriptor);
}
