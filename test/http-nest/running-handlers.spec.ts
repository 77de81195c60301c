import http from 'node:http';
import {
  Controller,
  Get,
  Injectable,
  Module,
  RequestTimeoutException,
  Res,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type INestApplication,
  type MiddlewareConsumer,
} from '@nestjs/common';
import { race, timer, type Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  OnShutdown,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { RecordedLog } from '../nest/application.js';
import { ADAPTERS, Course, type Create } from './shop.js';

/** An application whose routes work until the test lets them go; its pool is closed in the phase `close`. */
async function openWorks(create: Create, options: GracefulShutdownOptions = {}) {
  const course = new Course();
  const work = async (name: string): Promise<string> => {
    course.say(`began ${name}`);
    await course.until('let go');
    course.say(`ended ${name}`);
    return name;
  };

  class SlowGuard {
    async canActivate(): Promise<boolean> {
      await work('guard');
      return true;
    }
  }

  /** Answers in place of a handler that takes too long, as its own timer or an error would. */
  class Impatient {
    intercept(_: unknown, next: CallHandler): Observable<unknown> {
      return race(
        next.handle(),
        timer(1).pipe(
          map(() => {
            throw new RequestTimeoutException();
          }),
        ),
      );
    }
  }

  class SlowInterceptor {
    async intercept(_: unknown, next: CallHandler): Promise<Observable<unknown>> {
      await work('interceptor');
      return next.handle();
    }
  }

  @Controller('works')
  class Works {
    @Get('plain/:id') plain(): Promise<string> {
      return work('plain');
    }

    @Get('guarded') @UseGuards(SlowGuard) guarded(): string {
      return 'guarded';
    }

    @Get('impatient') @UseInterceptors(Impatient) impatient(): Promise<string> {
      return work('impatient');
    }

    @Get('intercepted') @UseInterceptors(SlowInterceptor) intercepted(): string {
      return 'intercepted';
    }

    @Get('early') async early(@Res() response: { send(body: string): unknown }): Promise<void> {
      response.send('early');
      await work('early');
    }
  }

  @Controller({ path: 'scoped', scope: Scope.REQUEST })
  class Scoped {
    @Get() @UseInterceptors(Impatient) scoped(): Promise<string> {
      return work('scoped');
    }
  }

  @Controller('behind')
  class Behind {
    @Get() behind(): string {
      return 'behind';
    }
  }

  @Injectable()
  class Pool {
    @OnShutdown('close') end(): void {
      course.say('pool closed');
    }
  }

  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], ...options })],
    controllers: [Works, Scoped, Behind],
    providers: [Pool],
  })
  class AppModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer
        .apply(async (_: unknown, __: unknown, next: () => void) => {
          await work('middleware');
          next();
        })
        .forRoutes(Behind);
    }
  }

  const app: INestApplication = await create(AppModule);
  enableGracefulShutdown(app);
  await app.listen(0, '127.0.0.1');
  return { app, course, url: await app.getUrl() };
}

/** Sends a request, and gives it up, or waits for its answer, once the work has begun. */
async function leave(url: string, course: Course, { path, work }: { path: string; work: string }) {
  const request = http.get(`${url}/${path}`);
  request.on('error', () => undefined);
  const answered = new Promise<number>((resolve) => {
    request.on('response', (response) => resolve(response.resume().statusCode ?? 0));
  });
  await course.until(`began ${work}`);
  return { giveUp: () => request.destroy(), answered };
}

describe.each(ADAPTERS)('rule 18: a drain on %s waits for', (_, create) => {
  test.each([
    ['a route handler whose client has gone', 'works/plain/7', 'plain'],
    ['a guard whose client has gone', 'works/guarded', 'guard'],
    ['an interceptor whose client has gone', 'works/intercepted', 'interceptor'],
    ['a middleware whose client has gone', 'behind', 'middleware'],
  ])('%s', async (__, path, work) => {
    const { app, course, url } = await openWorks(create);
    const { giveUp } = await leave(url, course, { path, work });
    giveUp();
    const closed = app.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    course.say('let go');
    await closed;
    expect(course.happened).toEqual([`began ${work}`, 'let go', `ended ${work}`, 'pool closed']);
  });

  test.each([
    ['a route handler that an interceptor answered for', 'works/impatient', 'impatient', 408],
    [
      'a route handler of a request-scoped controller that an interceptor answered for',
      'scoped',
      'scoped',
      408,
    ],
    ['a route handler that goes on after its response', 'works/early', 'early', 200],
  ])('%s', async (__, path, work, status) => {
    const { app, course, url } = await openWorks(create);
    const { answered } = await leave(url, course, { path, work });
    expect(await answered).toBe(status);
    const closed = app.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    course.say('let go');
    await closed;
    expect(course.happened).toEqual([`began ${work}`, 'let go', `ended ${work}`, 'pool closed']);
  });
});

describe.each(ADAPTERS)('a route handler on %s that never ends', (_, create) => {
  const phases = [
    { name: 'drain', timeout: 100 },
    { name: 'close', timeout: 1_000 },
  ];

  test('is named by its route, with the state of its response', async () => {
    const { app, course, url } = await openWorks(create, { phases });
    const { giveUp } = await leave(url, course, { path: 'works/plain/4711', work: 'plain' });
    giveUp();
    const { answered } = await leave(url, course, { path: 'works/early', work: 'early' });
    await answered;
    await app.close();
    const drain = app.get(GracefulShutdown).report?.phases.find(({ name }) => name === 'drain');
    const task = drain?.tasks.find(({ name }) => name === 'HttpDrain');
    expect(task?.outcome).toBe('timed-out');
    expect(task?.inFlight?.map(({ name }) => name).toSorted()).toEqual([
      'GET /works/early (answered)',
      'GET /works/plain/:id (client gone)',
    ]);
    course.say('let go');
  });

  test('is not waited for if its path is ignored', async () => {
    const { app, course, url } = await openWorks(create, { http: { ignore: ['/works/early'] } });
    const { answered } = await leave(url, course, { path: 'works/early', work: 'early' });
    await answered;
    await app.close();
    expect(course.happened).toEqual(['began early', 'pool closed']);
    course.say('let go');
  });
});

describe.each(ADAPTERS)('a Nest version on %s that calls controllers in an unknown way', (_, create) => {
  const warningsOf = async (isHidden: boolean): Promise<readonly string[]> => {
    const log = new RecordedLog();
    @Module({ imports: [GracefulShutdownModule.forRoot({ logger: log, signals: [] })] })
    class AppModule {}
    const app = await create(AppModule);
    let creator: object = app;
    for (const member of ['routesResolver', 'routerExplorer', 'executionContextCreator']) {
      creator = Reflect.get(creator, member);
    }
    if (isHidden) Reflect.deleteProperty(creator, 'interceptorsConsumer');
    enableGracefulShutdown(app);
    await app.close();
    return log.warnings;
  };

  test('logs a warning that names what is not waited for', async () => {
    expect(await warningsOf(true)).toEqual([
      'A route handler that goes on after its response is not drained: this version of Nest calls controllers in another way, so only their requests are waited for.',
    ]);
  });

  test('logs no warning if it calls controllers in the known way', async () => {
    expect(await warningsOf(false)).toEqual([]);
  });
});
