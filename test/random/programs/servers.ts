// What clients ask the application for: work of some length, with its beginning and its end in the journal.
import { Readable } from 'node:stream';
import type { Server } from 'node:net';
import {
  Controller,
  Get,
  Param,
  StreamableFile,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import type { AppKind } from '../scenario.js';
import { note, pause } from './note.js';
import { askToRun, close, type Stage } from './stage.js';

/** An application that has not been started. */
export interface Subject {
  readonly app: INestApplicationContext;
  readonly start: () => Promise<unknown>;
  readonly ports: () => { readonly http?: number; readonly tcp?: number };
}

/** Works for a client, and notes when it began and when it was done. */
async function work(client: number, ms: number): Promise<string> {
  note({ what: 'work', client, step: 'accepted' });
  await pause(ms);
  note({ what: 'work', client, step: 'done' });
  return `done ${client}`;
}

async function* parts(client: number, ms: number): AsyncGenerator<string> {
  note({ what: 'work', client, step: 'accepted' });
  for (let part = 0; part < 4; part += 1) {
    yield `part ${part};`;
    await pause(ms / 4);
  }
  note({ what: 'work', client, step: 'done' });
  yield `done ${client}`;
}

export function controllerOf(stage: Stage): Type {
  @Controller()
  class Desk {
    @Get('work/:client/:ms')
    work(@Param('client') client: string, @Param('ms') ms: string): Promise<string> {
      return work(Number(client), Number(ms));
    }

    @Get('stream/:client/:ms')
    stream(@Param('client') client: string, @Param('ms') ms: string): StreamableFile {
      return new StreamableFile(Readable.from(parts(Number(client), Number(ms)), { objectMode: false }));
    }

    @Get('asks-run/:client/:ms')
    async asksRun(@Param('client') client: string, @Param('ms') ms: string): Promise<string> {
      const done = await work(Number(client), Number(ms));
      await askToRun('a request', stage);
      return done;
    }

    @Get('asks-close/:client/:ms')
    async asksClose(@Param('client') client: string, @Param('ms') ms: string): Promise<string> {
      const done = await work(Number(client), Number(ms));
      await close(stage);
      return done;
    }
  }
  return Desk;
}

/** A controller of messages, whose package only those load that need it. */
export async function pigeonholeOf(): Promise<Type> {
  const { MessagePattern } = await import('@nestjs/microservices');
  @Controller()
  class Pigeonhole {
    @MessagePattern('work')
    work({ client, ms }: { readonly client: number; readonly ms: number }): Promise<string> {
      return work(client, ms);
    }
  }
  return Pigeonhole;
}

// `Transport.TCP`, whose package only the programs load that need it.
const TCP: MicroserviceOptions = { transport: 0, options: { host: '127.0.0.1', port: 0 } };

export async function subjectOf(
  kind: AppKind,
  module: DynamicModule,
  logger: LoggerService | undefined,
): Promise<Subject> {
  const options = { abortOnError: false, ...(logger === undefined ? {} : { logger }) };
  if (kind === 'context') {
    const app = await NestFactory.createApplicationContext(module, options);
    return { app, start: () => app.init(), ports: () => ({}) };
  }
  if (kind === 'microservice') {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, { ...TCP, ...options });
    return { app, start: () => app.listen(), ports: () => portsOf({ tcp: app.unwrap<Server>() }) };
  }
  const adapter =
    kind === 'fastify' ? new (await import('@nestjs/platform-fastify')).FastifyAdapter() : undefined;
  const app =
    adapter === undefined
      ? await NestFactory.create(module, options)
      : await NestFactory.create(module, adapter, options);
  const microservice = kind === 'hybrid' ? app.connectMicroservice<MicroserviceOptions>(TCP) : undefined;
  return {
    app,
    start: async () => {
      if (microservice !== undefined) await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
    },
    ports: () =>
      portsOf({
        http: app.getHttpServer(),
        ...(microservice === undefined ? {} : { tcp: microservice.unwrap<Server>() }),
      }),
  };
}

function portsOf(servers: { readonly http?: Server; readonly tcp?: Server }): ReturnType<Subject['ports']> {
  const port = (server: Server | undefined): number | undefined => {
    const address = server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  };
  const http = port(servers.http);
  const tcp = port(servers.tcp);
  return { ...(http === undefined ? {} : { http }), ...(tcp === undefined ? {} : { tcp }) };
}
