import { EventEmitter } from 'node:events';
import { Controller } from '@nestjs/common';
import { ClientGrpcProxy, GrpcMethod, ServerGrpc } from '@nestjs/microservices';
import { lastValueFrom, map, NEVER, startWith, Subject, tap, toArray, type Observable } from 'rxjs';
import { grpcDrain } from '../../lib/microservices/grpc.js';
import type { MicroserviceDrainOptions } from '../../lib/microservices/index.js';
import { taskReport } from '../nest/application.js';
import { freePort } from '../services/balancer.js';
import { bootWith } from './pigeons.js';
import { testedPorts } from './ports.js';

interface Piece {
  readonly n: number;
}

interface WorkClient {
  do(piece: Piece): Observable<Piece>;
  count(piece: Piece): Observable<Piece>;
}

const NAME = 'MicroserviceDrain (gRPC)';
const SERVICE = {
  package: 'work',
  protoPath: new URL('../services/programs/transports/work.proto', import.meta.url).pathname,
};

/** What the handlers answer with; each test has its own. */
let pieces = new Subject<Piece>();
/** Resolves when the handler of a unary call has started. */
let started = new Subject<void>();

@Controller()
class Work {
  @GrpcMethod('Work', 'Do')
  do(): Observable<Piece> {
    started.complete();
    return pieces;
  }

  @GrpcMethod('Work', 'Count')
  count(): Observable<Piece> {
    return pieces.pipe(startWith({ n: 1 }));
  }
}

const closing: (() => unknown)[] = [];

beforeEach(() => {
  pieces = new Subject();
  started = new Subject();
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function boot(drain: MicroserviceDrainOptions = {}) {
  const options = { ...SERVICE, url: `127.0.0.1:${await freePort()}` };
  const booted = await bootWith([new ServerGrpc(options)], {
    controllers: [Work],
    drain,
    shutdown: { phases: [{ name: 'drain', timeout: 1_500 }] },
  });
  closing.push(() => booted.app.close());
  const client = new ClientGrpcProxy(options);
  closing.push(() => client.close());
  return { ...booted, work: client.getService<WorkClient>('Work') };
}

/** Opens a stream and waits for its first value; `all` are its values, once it has ended with the status OK. */
async function opened(work: WorkClient): Promise<{ readonly all: Promise<readonly number[]> }> {
  let all: Promise<readonly number[]> = Promise.resolve([]);
  await new Promise<void>((resolve) => {
    const values = work.count({ n: 0 }).pipe(
      tap(() => resolve()),
      map(({ n }) => n),
      toArray(),
    );
    all = lastValueFrom(values);
    // Some are cut before anyone looks.
    all.catch(() => undefined);
  });
  return { all };
}

/** Calls, and waits for the handler to start. */
async function called(work: WorkClient): Promise<{ readonly answer: Promise<Piece> }> {
  const answer = lastValueFrom(work.do({ n: 0 }));
  answer.catch(() => undefined);
  await lastValueFrom(started, { defaultValue: undefined });
  return { answer };
}

describe('a stream', () => {
  test('is waited for until it has ended by itself', async () => {
    const { clock, shutdown, work } = await boot({ streams: 'finish' });
    const stream = await opened(work);
    const run = shutdown.run('a test');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    pieces.next({ n: 2 });
    pieces.complete();
    expect(await stream.all).toEqual([1, 2]);
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed', durationMs: 1_000 });
  });

  test('is waited for by default', async () => {
    const { clock, shutdown, work } = await boot();
    await opened(work);
    void shutdown.run('a test');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    pieces.complete();
  });

  test('that would never end is completed with the status OK, where streams are to end', async () => {
    const { shutdown, work } = await boot({ streams: 'end' });
    const stream = await opened(work);
    expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({ outcome: 'completed' });
    expect(await stream.all).toEqual([1]);
  });

  test('that begins after the drain ends as well, where streams are to end', async () => {
    const server = new ServerGrpc(SERVICE);
    const drain = grpcDrain(server, testedPorts({ streams: 'end' }));
    Reflect.set(server, 'grpcClient', { tryShutdown: () => undefined });
    const definition = { path: '/work.Work/Count', requestStream: false, responseStream: true };
    const serve = server.createServiceMethod(() => NEVER, definition, 'no_stream' as never);
    await drain.stop();
    const call = Object.assign(new EventEmitter(), { end: () => call.emit('ended') });
    const ended = new Promise((resolve) => call.once('ended', resolve));
    serve(call, undefined);
    await expect(ended).resolves.toBeUndefined();
  });

  test('that does not end in time is named by the report and cut', async () => {
    const { clock, shutdown, work } = await boot();
    const stream = await opened(work);
    await clock.advance(500);
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({
      outcome: 'timed-out',
      durationMs: 1_500,
      inFlight: [{ name: '/work.Work/Count', ageMs: 2_000 }],
    });
    await expect(stream.all).rejects.toThrow('CANCELLED');
  });
});

describe('a unary call', () => {
  test('is waited for and answered', async () => {
    const { clock, shutdown, work } = await boot();
    const { answer } = await called(work);
    const run = shutdown.run('a test');
    await clock.advance(1_000);
    expect(shutdown.state.status).toBe('running');
    pieces.next({ n: 3 });
    expect(await answer).toEqual({ n: 3 });
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
  });

  test('that is not answered in time is named by the report and cut', async () => {
    const { clock, shutdown, work } = await boot();
    const { answer } = await called(work);
    const report = await clock.runUntil(shutdown.run('a test'));
    expect(taskReport(report, NAME)).toMatchObject({
      outcome: 'timed-out',
      durationMs: 1_500,
      inFlight: [{ name: '/work.Work/Do', ageMs: 1_500 }],
    });
    await expect(answer).rejects.toThrow('CANCELLED');
  });
});

test('without the server of grpc-js, its calls are said to be cut', () => {
  const drain = grpcDrain(new ServerGrpc(SERVICE), testedPorts());
  expect(() => drain.stop()).toThrow('The server of grpc-js was not found, so its calls are cut.');
});
