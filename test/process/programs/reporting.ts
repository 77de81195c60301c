// node reporting.js <scenario> <file>: an application that reports to a file, and ends in one of the ways below.
import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  enableGracefulShutdown,
  GracefulShutdown,
  GracefulShutdownModule,
  InFlightWork,
  OnShutdown,
  type GracefulShutdownOptions,
} from 'nestjs-phased-shutdown';
import { pause, say, sayingLogger } from './scene.js';

interface Scenario {
  readonly options?: GracefulShutdownOptions;
  readonly handler?: () => unknown;
  readonly destroy?: () => unknown;
  /** What the program does once the application listens. */
  readonly main?: (app: INestApplication) => unknown;
}

const never = (): Promise<never> => new Promise(() => undefined);
const fail = (what: string) => (): never => {
  throw new Error(what);
};

const inASecond = async (): Promise<void> => {
  await pause(1_050);
  say('a second later');
  await never();
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  quick: {},
  'hung-handler': { options: { gracePeriod: 1_500 }, handler: never },
  'hung-hook': { options: { gracePeriod: 1_500 }, destroy: never },
  'second-signal': { handler: inASecond },
  'fatal-twice': {
    options: { fatalErrors: true },
    handler: () => {
      setTimeout(fail('second boom'), 20);
      return never();
    },
    main: () => void setTimeout(fail('boom'), 20),
  },
  'fatal-while-shutting-down': {
    options: { fatalErrors: true },
    handler: async () => {
      setTimeout(fail('boom'), 20);
      await pause(100);
    },
  },
  'uncaught-unasked': {
    handler: () => {
      setTimeout(fail('boom'), 20);
      return never();
    },
  },
  exits: { handler: () => process.exit(7) },
  'leaked-timer': { handler: () => void setInterval(() => undefined, 60_000) },
  killed: {
    handler: async () => {
      await pause(400);
      say('hanging');
      await never();
    },
  },
  'slow-listener': {
    options: {
      report: {
        onReport: async ({ outcome }) => {
          await pause(300);
          say(`told ${outcome}`);
        },
      },
    },
  },
  'hung-listener': { options: { report: { onReport: never } } },
  subscribers: {
    main: (app) => {
      const { events$, draining$ } = app.get(GracefulShutdown);
      events$.subscribe(fail('subscriber'));
      events$.subscribe({ next: fail('observer') });
      draining$.subscribe(fail('draining'));
      events$.subscribe(async () => {
        await pause(1);
        throw new Error('async subscriber');
      });
      events$.subscribe(({ type }) => {
        if (type === 'run-finished') say('heard to the end');
      });
    },
  },
};

const [, , name = '', file = ''] = process.argv;
const scenario = SCENARIOS[name];
if (scenario === undefined) throw new Error(`Unknown: ${name}`);

@Injectable()
class Store {
  constructor(@Inject(InFlightWork) private readonly work: InFlightWork) {}

  onApplicationBootstrap(): void {
    if (scenario?.handler === never || name === 'killed') void this.work.track(never(), 'order 7');
  }

  @OnShutdown('drain')
  async save(): Promise<void> {
    say('save(');
    await scenario?.handler?.();
    say('save)');
  }

  async onModuleDestroy(): Promise<void> {
    say('destroy');
    await scenario?.destroy?.();
  }
}

class AppModule {}

const { report, ...options } = scenario.options ?? {};
const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [
      GracefulShutdownModule.forRoot({
        logger: sayingLogger,
        report: { ...(file === '' ? {} : { file }), ...report },
        ...options,
      }),
    ],
    providers: [Store],
  },
  { logger: false },
);
enableGracefulShutdown(app);
await app.listen(0);
say('started');
await scenario.main?.(app);
