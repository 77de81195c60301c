// node ending.js <scenario>: an application with one handler, which ends in one of the ways below.
import { spawn } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Injectable, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  enableGracefulShutdown,
  GracefulShutdown,
  GracefulShutdownModule,
  OnShutdown,
  type GracefulShutdownOptions,
  type PhaseOptions,
} from 'nestjs-phased-shutdown';
import { pause, said, say, sayingLogger } from './scene.js';

interface Scenario {
  readonly options?: GracefulShutdownOptions;
  readonly init?: () => unknown;
  readonly handler?: () => unknown;
  readonly destroy?: (app: INestApplication) => unknown;
  /** What the program does once the application listens. */
  readonly main?: (app: INestApplication) => unknown;
}

const never = (): Promise<never> => new Promise(() => undefined);
/** Never ends, and keeps the process alive, as a connection does that waits for its server. */
const hang = (): Promise<never> => {
  setInterval(() => undefined, 60_000);
  return never();
};
const fail = (what: string) => (): never => {
  throw new Error(what);
};
const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const untilClosed = (): Promise<unknown> => once(said, 'closed');

const phases = (timeout: number): readonly PhaseOptions[] => [
  { name: 'drain', timeout },
  { name: 'close', timeout: 1_000 },
];

/** Aborts as the abort signal of the options. */
const controller = new AbortController();

const idleWorker = (): Worker => new Worker('setInterval(() => undefined, 60_000)', { eval: true });

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  quick: {},
  'abort-signal': {
    options: { abortSignal: controller.signal },
    main: () => controller.abort(new Error('the job is over')),
  },
  'exits-itself': {
    main: (app) => app.get(GracefulShutdown).exit({ reason: 'the queue is empty', code: 3 }),
  },
  'exits-itself-and-fails': {
    handler: fail('disk full'),
    main: (app) => app.get(GracefulShutdown).exit(),
  },
  'out-of-work': { main: (app) => void app.getHttpServer().unref() },
  'out-of-work-and-fails': {
    handler: fail('disk full'),
    main: (app) => void app.getHttpServer().unref(),
  },
  'code-of-a-handler': { handler: () => void (process.exitCode = 42) },
  'code-of-a-hook': { handler: fail('disk full'), destroy: () => void (process.exitCode = '42') },
  'code-at-exit': { main: () => void process.once('exit', () => (process.exitCode = 42)) },
  'code-and-kept-alive': {
    handler: () => {
      setInterval(() => undefined, 60_000);
      process.exitCode = 42;
    },
  },
  'code-0': { handler: fail('disk full'), destroy: () => void (process.exitCode = 0) },
  'exit-none-and-fails': {
    options: { exit: 'none' },
    handler: fail('disk full'),
  },
  'foreign-exit': {
    handler: async () => {
      setTimeout(() => process.exit(0), 50);
      await never();
    },
  },
  'foreign-exit-when-closed': {
    handler: fail('disk full'),
    main: async () => {
      await untilClosed();
      await pause(20);
      process.exit(0);
    },
  },
  ...Object.fromEntries(
    (['on', 'once', 'prependListener', 'prependOnceListener'] as const).map((method) => [
      `late-listener-${method}`,
      {
        // After what is looked at as the application has started.
        main: () => void process[method]('SIGTERM', () => undefined),
      },
    ]),
  ),
  'raised-by-another': {
    handler: async () => {
      await pause(1_200);
      process.kill(process.pid, 'SIGTERM');
      await pause(100);
    },
  },
  'pool-work-before-exit': {
    main: () => {
      process.once('beforeExit', () => {
        // No list of Node's has it.
        pbkdf2('password', 'salt', 1_500_000, 64, 'sha512', () => say('hashed'));
      });
    },
  },
  'beforeExit-beyond-a-second': {
    main: () => {
      process.once('beforeExit', () => void setTimeout(() => say('flushed'), 1_500));
    },
  },
  'blocked-past-the-deadline': {
    options: { gracePeriod: 2_000 },
    destroy: async () => {
      // What ends it has arrived by the end of the block, and is read only after the timers have run.
      const child = spawn('true', { stdio: 'ignore' });
      const until = performance.now() + 2_500;
      while (performance.now() < until);
      await once(child, 'exit');
    },
  },
  stoppable: {
    options: { gracePeriod: 2_000 },
    destroy: async () => {
      const child = spawn('sleep', ['0.5'], { stdio: 'ignore' });
      say('waiting');
      await once(child, 'exit');
    },
  },
  'hung-hook-of-a-close': {
    options: { gracePeriod: 1_500 },
    destroy: never,
    main: async (app) => {
      app.getHttpServer().close();
      await app.close().catch((error: Error) => say(`rejected: ${error.message}`));
      say(`still here, exitCode ${process.exitCode}`);
    },
  },
  'leaked-beside-unreferenced': {
    handler: () => {
      setInterval(() => undefined, 60_000);
      idleWorker().unref();
      setInterval(() => undefined, 60_000).unref();
      new MessageChannel().port1.on('message', () => undefined).unref();
      createServer().listen(0, '127.0.0.1').unref();
    },
  },
  'leaked-worker': { handler: () => void idleWorker() },
  'leaked-one-of-two-workers': {
    handler: () => {
      idleWorker();
      idleWorker().unref();
    },
  },
  'leaked-port': { handler: () => void new MessageChannel().port1.on('message', () => undefined) },
  'leaked-message-listener': { handler: () => void process.on('message', () => undefined) },
  'exit-signal': { options: { exit: 'signal' } },
  'exit-none': {
    options: { exit: 'none' },
    main: async () => {
      await untilClosed();
      await pause(1_300);
      say(`still here, exitCode ${process.exitCode}`);
      process.exitCode = 7;
    },
  },
  'bare-close': {
    handler: fail('disk full'),
    main: async (app) => {
      await app.close();
      await pause(1_300);
      say(`still here, exitCode ${process.exitCode}`);
    },
  },
  'flushes-before-exit': {
    main: () => {
      const flush = async (): Promise<void> => {
        await pause(100);
        say('flushed');
        process.exitCode = 3;
      };
      process.once('beforeExit', () => void flush());
      process.once('exit', (code) => say(`exit with ${code}`));
    },
  },
  lingers: {
    main: async () => {
      await untilClosed();
      await pause(100);
      say('lingering');
      await pause(200);
    },
  },
  'asks-for-a-second': {
    options: { phases: phases(20_000) },
    handler: async () => {
      await pause(1_050);
      say('a second later');
      await never();
    },
  },
  slow: { handler: () => pause(400) },
  'hung-handler': { options: { phases: phases(300) }, handler: never },
  'hung-beyond-grace-period': { options: { phases: phases(60_000), gracePeriod: 1_500 }, handler: never },
  'hung-hook': { options: { gracePeriod: 1_500 }, destroy: never },
  'hung-hook-and-nothing-else': {
    options: { gracePeriod: 1_500 },
    destroy: (app) => {
      app.getHttpServer().close();
      return never();
    },
  },
  'hung-boot': { options: { phases: phases(300), gracePeriod: 3_000 }, init: hang },
  throwing: { handler: fail('disk full') },
  'throwing-hook': { destroy: fail('destroy failed') },
  aborting: {
    options: {
      phases: [
        { name: 'drain', timeout: 500, onFailure: 'abort' },
        { name: 'close', timeout: 500 },
      ],
    },
    handler: fail('disk full'),
  },
  'settles-late': {
    options: { phases: phases(100) },
    handler: async () => {
      await pause(200);
      throw new Error('too late');
    },
    destroy: () => pause(400),
  },
  'close-under-way': { handler: () => pause(400), main: (app) => app.close() },
  'close-before-late-run': {
    options: { runAt: 'before-application-shutdown' },
    destroy: () => pause(200),
    main: (app) => app.close(),
  },
  ipc: { options: { ipc: true } },
  uncaught: { options: { fatalErrors: true }, main: () => void setTimeout(fail('boom'), 20) },
  rejection: { options: { fatalErrors: true }, main: () => void Promise.reject(new Error('boom')) },
  'uncaught-twice': {
    options: { fatalErrors: true },
    handler: () => {
      setTimeout(fail('second boom'), 20);
      return never();
    },
    main: () => void setTimeout(fail('boom'), 20),
  },
  'uncaught-unasked': { main: () => void setTimeout(fail('boom'), 20) },
  'leaked-timer': { handler: () => void setInterval(() => undefined, 60_000) },
  'leaked-server': {
    handler: async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      say(`leaked ${portOf(server)}`);
    },
  },
  'leaked-socket': {
    handler: async () => {
      const server = createServer((peer) => peer.unref()).listen(0, '127.0.0.1');
      await once(server.unref(), 'listening');
      const socket = connect(portOf(server), '127.0.0.1');
      await once(socket, 'connect');
      say(`leaked ${socket.localPort} -> ${socket.remotePort}`);
    },
  },
  'leaked-child': {
    handler: () => say(`leaked ${spawn('sleep', ['5'], { stdio: 'ignore' }).pid}`),
  },
  'leaked-and-failed': {
    handler: () => {
      setInterval(() => undefined, 60_000);
      throw new Error('disk full');
    },
  },
};

const scenario = SCENARIOS[process.argv[2] ?? ''];
if (scenario === undefined) throw new Error(`Unknown: ${process.argv[2]}`);

@Injectable()
class Store {
  async onModuleInit(): Promise<void> {
    if (scenario?.init) say('i(');
    await scenario?.init?.();
  }

  @OnShutdown('drain')
  async save(): Promise<void> {
    say('save(');
    await scenario?.handler?.();
    say('save)');
  }

  @OnShutdown('close')
  close(): void {
    say('close');
  }

  async onModuleDestroy(): Promise<void> {
    say('destroy');
    await scenario?.destroy?.(app);
  }

  onApplicationShutdown(): void {
    say('closed');
  }
}

class AppModule {}

const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [GracefulShutdownModule.forRoot({ logger: sayingLogger, ...scenario.options })],
    providers: [Store],
  },
  { logger: false },
);
enableGracefulShutdown(app);
await app.listen(0);
say('started');
await scenario.main?.(app);
