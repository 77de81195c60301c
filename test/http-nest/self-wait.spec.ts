import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  type INestApplication,
} from '@nestjs/common';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  InFlight,
  InFlightWork,
  OnShutdown,
  enableGracefulShutdown,
} from '../../lib/index.js';
import { RecordedLog } from '../nest/application.js';
import { ADAPTERS, Course, type Create } from './shop.js';

const PHASES = [
  { name: 'drain', timeout: 5_000 },
  { name: 'close', timeout: 1_000 },
];

/** An application that is told to stop by a request. */
async function openOffice(create: Create) {
  const course = new Course();
  const log = new RecordedLog();
  const context: { app?: INestApplication; moved: () => Promise<unknown> } = {
    moved: () => Promise.resolve(),
  };

  @Injectable()
  class Jobs {
    constructor(private readonly shutdown: GracefulShutdown) {}

    @InFlight()
    async stop(): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return (await this.shutdown.run('a job')).outcome;
    }

    async plain(): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return (await this.shutdown.run('a service')).outcome;
    }
  }

  @Controller()
  class Admin {
    constructor(
      private readonly shutdown: GracefulShutdown,
      @Inject(InFlightWork) private readonly work: InFlightWork,
      private readonly jobs: Jobs,
    ) {}

    @Post('run') async run(): Promise<string> {
      return (await this.shutdown.run('admin')).outcome;
    }

    @Post('close') async close(): Promise<string> {
      await context.app?.close();
      return 'closed';
    }

    @Post('late') async late(): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.#asked();
      return 'late';
    }

    @Post('selected') async selected(): Promise<string> {
      await context.app?.select(AppModule).close();
      return 'selected';
    }

    @Post('tracked') async tracked(): Promise<string> {
      return this.work.run('tracked', async () => (await this.shutdown.run('tracked')).outcome);
    }

    @Post('job') job(): Promise<string> {
      return this.jobs.stop();
    }

    @Post('plain') plain(): Promise<string> {
      return this.jobs.plain();
    }

    @Post('together/:how') async together(@Param('how') how: string): Promise<string> {
      course.say(`at ${how}`);
      await course.until('go');
      return how === 'close' ? this.close() : this.run();
    }

    @Get('orders/:id') async order(@Param('id') id: string): Promise<string> {
      course.say('asked for an order');
      await course.until('let go');
      return id;
    }

    async #asked(): Promise<void> {
      await this.shutdown.run('later');
    }
  }

  @Injectable()
  class Pool {
    @OnShutdown('close') end(): void {
      course.say('pool closed');
    }

    @OnShutdown('close') moved(): Promise<unknown> {
      return context.moved();
    }
  }

  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: log, signals: [], phases: PHASES })],
    controllers: [Admin],
    providers: [Pool, Jobs],
  })
  class AppModule {}

  const app = await create(AppModule);
  context.app = app;
  enableGracefulShutdown(app);
  await app.listen(0, '127.0.0.1');
  return { app, context, course, log, url: await app.getUrl() };
}

async function post(url: string): Promise<string> {
  const response = await fetch(url, { method: 'POST' });
  return `${response.status} ${await response.text()}`;
}

describe.each(ADAPTERS)('a route handler on %s that requests the shutdown', (_, create) => {
  test.each([
    ['run', 'completed'],
    ['close', 'closed'],
    ['late', 'late'],
    ['selected', 'selected'],
    ['tracked', 'completed'],
    ['job', 'completed'],
    ['plain', 'completed'],
  ])('by /%s does not wait for itself, and is answered', async (path, text) => {
    const { app, course, url } = await openOffice(create);
    expect(await post(`${url}/${path}`)).toBe(`201 ${text}`);
    expect(course.happened).toEqual(['pool closed']);
    expect(app.get(GracefulShutdown).report?.outcome).toBe('completed');
    await app.close();
  });

  test('is answered together with every other one that does', async () => {
    const { app, course, url } = await openOffice(create);
    const answers = Promise.all(['first', 'second', 'close'].map((how) => post(`${url}/together/${how}`)));
    await Promise.all(['first', 'second', 'close'].map((how) => course.until(`at ${how}`)));
    course.say('go');
    expect(await answers).toEqual(['201 completed', '201 completed', '201 closed']);
    await app.close();
  });

  test('still waits for the other requests in flight', async () => {
    const { app, course, url } = await openOffice(create);
    const order = fetch(`${url}/orders/7`).then((response) => response.text());
    await course.until('asked for an order');
    const stopped = post(`${url}/run`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    course.say('let go');
    expect(await order).toBe('7');
    expect(await stopped).toBe('201 completed');
    expect(course.happened).toEqual(['asked for an order', 'let go', 'pool closed']);
    await app.close();
  });
});

describe.each(ADAPTERS)('a shutdown handler on %s', (_, create) => {
  test('that awaits app.close() continues at once, and the log names it', async () => {
    const { app, context, log } = await openOffice(create);
    context.moved = () => app.close();
    await app.close();
    expect(app.get(GracefulShutdown).report?.outcome).toBe('completed');
    expect(log.warnings).toEqual([expect.stringContaining("'Pool.moved' calls app.close()")]);
  });

  test('that awaits run() fails at once with an error that says what to remove', async () => {
    const { app, context } = await openOffice(create);
    context.moved = () => app.get(GracefulShutdown).run('again');
    await app.close();
    const close = app.get(GracefulShutdown).report?.phases.find(({ name }) => name === 'close');
    const moved = close?.tasks.find(({ name }) => name === 'Pool.moved');
    expect(moved).toMatchObject({ outcome: 'failed', error: { code: 'SHUTDOWN_SELF_WAIT' } });
  });
});
