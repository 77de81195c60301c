// A hybrid application whose routes call its own microservice, as in Nest's samples 03 and 04: `/17` waits, calls with
// the number, and answers with what comes back. Prints `port 3000` and `started`, then `end 17` for each.
import 'reflect-metadata';
import { Controller, Get, Inject, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  ClientsModule,
  type ClientGrpc,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { drainMicroservices } from 'nestjs-phased-shutdown/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { address, drainTimeout, handlerMs, pause, say, transportName } from './scene.js';
import { transportNamed } from './transport.js';

const transport = await transportNamed(transportName);
const lines = { log: say, warn: say, error: say };
const CLIENT = 'CLIENT';

interface WorkClient {
  do(piece: { n: number }): Observable<unknown>;
}

class Front {
  constructor(private readonly client: ClientProxy | ClientGrpc) {}

  async call(n: string): Promise<unknown> {
    await pause(handlerMs);
    const piece = { n: Number(n) };
    const { client } = this;
    return firstValueFrom(
      'getService' in client
        ? client.getService<WorkClient>('Work').do(piece)
        : client.send<unknown>(address.topic, piece),
    );
  }
}
Inject(CLIENT)(Front, undefined, 0);
Param('n')(Front.prototype, 'call', 0);
Get(':n')(Front.prototype, 'call', Object.getOwnPropertyDescriptor(Front.prototype, 'call') ?? {});
Controller()(Front);

class AppModule {}
Module({
  imports: [
    GracefulShutdownModule.forRoot({
      phases: [{ name: 'drain', timeout: drainTimeout }],
      features: [drainMicroservices()],
      logger: lines,
    }),
    ...(transportName === 'grpc'
      ? [ClientsModule.register([{ name: CLIENT, ...transport.client(address) }])]
      : []),
  ],
  controllers: [
    Front,
    transport.controller('rpc', address, async (n) => {
      await pause(20);
      say(`end ${n}`);
    }),
  ],
  providers:
    transportName === 'grpc'
      ? []
      : [{ provide: CLIENT, useFactory: () => ClientProxyFactory.create(transport.client(address)) }],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.connectMicroservice<MicroserviceOptions>(await transport.server(address));
enableGracefulShutdown(app);
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
const bound: unknown = app.getHttpServer().address();
say(`port ${typeof bound === 'object' && bound !== null && 'port' in bound ? String(bound.port) : ''}`);
say('started');
