import 'reflect-metadata';
import { EventEmitter, once } from 'node:events';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Sse,
  type INestApplication,
  type MessageEvent,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Observable } from 'rxjs';
import {
  GracefulShutdownModule,
  OnShutdown,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';

/** What happens in the shop, in its order; a request for an order is held until it is let go. */
export class Course extends EventEmitter {
  readonly happened: string[] = [];

  say(what: string): void {
    this.happened.push(what);
    this.emit(what);
  }

  /** Resolves when it has happened. */
  async until(what: string): Promise<void> {
    if (!this.happened.includes(what)) await once(this, what);
  }
}

export interface Shop {
  readonly app: INestApplication;
  readonly course: Course;
  readonly url: string;
}

/** A module with orders, a stream of server-sent events, and a handler in the phase `close`. */
function shopModule(options: GracefulShutdownOptions, course: Course): new () => object {
  @Controller()
  class Orders {
    @Get('orders/:id')
    async order(@Param('id') id: string): Promise<string> {
      course.say(`asked for ${id}`);
      await course.until(`let go ${id}`);
      return `order ${id}`;
    }

    @Sse('events')
    events(): Observable<MessageEvent> {
      return new Observable((subscriber) => {
        course.say('subscribed');
        subscriber.next({ data: 'first' });
        return () => course.say('unsubscribed');
      });
    }
  }

  @Injectable()
  class Store {
    @OnShutdown('drain')
    drain(): void {
      course.say('drain');
    }

    @OnShutdown('close')
    close(): void {
      course.say('close');
    }
  }

  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], ...options })],
    controllers: [Orders],
    providers: [Store],
  })
  class ShopModule {}
  return ShopModule;
}

/** How an application is made on an adapter. */
export type Create = (
  module: new () => object,
  options?: NestApplicationOptions,
) => Promise<INestApplication>;

const QUIET = { logger: false, abortOnError: false } as const;

export const onFastify =
  (options: ConstructorParameters<typeof FastifyAdapter>[0] = {}): Create =>
  (module, nestOptions) =>
    NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(options), {
      ...QUIET,
      ...nestOptions,
    });

export const ADAPTERS: readonly (readonly [string, Create])[] = [
  ['Express', (module, options) => NestFactory.create(module, { ...QUIET, ...options })],
  ['Fastify', onFastify()],
];

const open = new Set<INestApplication>();

// What a failed test leaves behind must not outlive it.
afterEach(async () => {
  await Promise.all([...open].map((app) => app.close()));
  open.clear();
});

/** A shop that has not opened. */
export async function makeShop(
  create: Create,
  options: GracefulShutdownOptions = {},
  nestOptions: NestApplicationOptions = {},
): Promise<Omit<Shop, 'url'>> {
  const course = new Course();
  const app = await create(shopModule(options, course), nestOptions);
  open.add(app);
  enableGracefulShutdown(app);
  return { app, course };
}

/** Opens a shop on a free port. */
export async function openShop(...parts: Parameters<typeof makeShop>): Promise<Shop> {
  const { app, course } = await makeShop(...parts);
  await app.listen(0, '127.0.0.1');
  return { app, course, url: await app.getUrl() };
}
