// Every kind of application that Nest makes, from the same module.
import type { Server } from 'node:net';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** An application that has not been started, and the servers that it will have. */
export interface Subject {
  readonly app: INestApplicationContext;
  readonly start: () => Promise<unknown>;
  readonly servers: () => Readonly<Record<string, Server>>;
}

const silent = { logger: false } as const;
// `Transport.TCP`, whose package only the programs load that need it.
const tcp: MicroserviceOptions = { transport: 0, options: { host: '127.0.0.1', port: 0 } };

export const KINDS: Readonly<Record<string, (module: DynamicModule) => Promise<Subject>>> = {
  express: async (module) => {
    const app = await NestFactory.create(module, silent);
    return { app, start: () => app.listen(0), servers: () => ({ http: app.getHttpServer() }) };
  },
  fastify: async (module) => {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), silent);
    return { app, start: () => app.listen(0), servers: () => ({ http: app.getHttpServer() }) };
  },
  context: async (module) => {
    const app = await NestFactory.createApplicationContext(module, silent);
    return { app, start: () => app.init(), servers: () => ({}) };
  },
  microservice: async (module) => {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, { ...tcp, ...silent });
    return { app, start: () => app.listen(), servers: () => ({ tcp: app.unwrap<Server>() }) };
  },
  hybrid: async (module) => {
    const app = await NestFactory.create(module, silent);
    const microservice = app.connectMicroservice<MicroserviceOptions>(tcp);
    const start = async () => {
      await app.startAllMicroservices();
      await app.listen(0);
    };
    const servers = () => ({ http: app.getHttpServer(), tcp: microservice.unwrap<Server>() });
    return { app, start, servers };
  },
  'testing-application': async (module) => {
    const { Test } = await import('@nestjs/testing');
    const compiled = await Test.createTestingModule({ imports: [module] }).compile();
    const app = compiled.createNestApplication();
    return { app, start: () => app.listen(0), servers: () => ({ http: app.getHttpServer() }) };
  },
  'testing-module': async (module) => {
    const { Test } = await import('@nestjs/testing');
    const app = await Test.createTestingModule({ imports: [module] }).compile();
    return { app, start: () => app.init(), servers: () => ({}) };
  },
};
