// The shop, in a separate process: what a container would run.
import { NestFactory } from '@nestjs/core';
import { GracefulShutdown, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import type { ShopMessage } from './messages.js';
import { ShopModule } from './shop.module.js';

const app = await NestFactory.create(ShopModule, { logger: ['warn', 'error'] });
enableGracefulShutdown(app);
await app.listen(0, '127.0.0.1');
tellParent({ kind: 'listening', url: await app.getUrl() });

const { outcome } = await app.get(GracefulShutdown).finished;
tellParent({ kind: 'shut-down', outcome });

function tellParent(message: ShopMessage): void {
  process.send?.(message);
}
