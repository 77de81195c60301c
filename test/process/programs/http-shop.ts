// node http-shop.js <kind> [port]: an application that serves until a signal ends it. Its drain has 1 000 ms.
// GET /quick answers at once, GET /slow after 200 ms, GET /big with 20 MB, POST /orders when its body is there.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Controller, Get, Module, Post, StreamableFile, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { pause, say, sayingLogger } from './scene.js';

@Controller()
class Shop {
  @Get('quick')
  quick(): string {
    return 'quick';
  }

  @Get('slow')
  async slow(): Promise<string> {
    say('slow(');
    await pause(200);
    return 'slow';
  }

  @Get('big')
  big(): StreamableFile {
    say('big(');
    return new StreamableFile(Buffer.alloc(20_000_000, 'x'));
  }

  @Post('orders')
  order(): string {
    return 'ordered';
  }
}

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      phases: [
        { name: 'drain', timeout: 1_000 },
        { name: 'close', timeout: 1_000 },
      ],
      http: { idleGrace: 100 },
      logger: sayingLogger,
    }),
  ],
  controllers: [Shop],
})
class ShopModule {}

const fixture = (name: string): Buffer => readFileSync(`test/http/fixtures/${name}.pem`);
const onFastify = (adapter: FastifyAdapter): Promise<INestApplication> =>
  NestFactory.create<NestFastifyApplication>(ShopModule, adapter, { logger: false });

const KINDS: Readonly<Record<string, () => Promise<INestApplication>>> = {
  express: () => NestFactory.create(ShopModule, { logger: false }),
  fastify: () => onFastify(new FastifyAdapter()),
  'fastify-http2': () => onFastify(new FastifyAdapter({ http2: true })),
  'fastify-https2': () =>
    onFastify(new FastifyAdapter({ http2: true, https: { key: fixture('key'), cert: fixture('cert') } })),
};

const [kind = '', port = '0'] = process.argv.slice(2);
const make = KINDS[kind];
if (make === undefined) throw new Error(`Unknown: ${kind}`);

const app = await make();
enableGracefulShutdown(app);
await app.listen(Number(port), '127.0.0.1');
say(`port ${new URL(await app.getUrl()).port}`);
say('started');
