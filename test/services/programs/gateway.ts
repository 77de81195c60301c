// One instance of a service with a gateway that takes numbers: prints `start 17` and `end 17` for each, and
// `cleanup` for each client that has gone.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainGateways } from 'nestjs-phased-shutdown/websockets';
import {
  address,
  destroyMs,
  drainTimeout,
  handlerMs,
  hasOwnPort,
  isUnguarded,
  pause,
  retries,
  say,
  transportName,
  windowMs,
} from './scene.js';
import { socketsNamed } from './transport.js';

const transport = await socketsNamed(transportName);

@WebSocketGateway(hasOwnPort ? address.port : 0)
class WorkGateway {
  @SubscribeMessage('work')
  async work(@MessageBody() { n }: { n: number }): Promise<{ event: string; data: { n: number } }> {
    say(`start ${n}`);
    await pause(handlerMs);
    say(`end ${n}`);
    return { event: 'done', data: { n } };
  }

  async handleDisconnect(): Promise<void> {
    await pause(100);
    say('cleanup');
  }
}

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
          // Who sends again what was not answered must not have it done twice.
          features: [drainGateways({ window: windowMs, crossing: retries ? 'refuse' : 'handle' })],
          logger: lines,
        }),
      ],
  providers: [WorkGateway, Database],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(transport.adapter(app));
if (isUnguarded) app.enableShutdownHooks();
else enableGracefulShutdown(app);
await app.listen(hasOwnPort ? 0 : address.port, '127.0.0.1');
say('started');
