import { EventEmitter } from 'node:events';
import { Controller } from '@nestjs/common';
import { Client, credentials, loadPackageDefinition, status, type Server } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  ClientGrpcProxy,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  ServerGrpc,
} from '@nestjs/microservices';
import { lastValueFrom, map, NEVER, startWith, Subject, tap, toArray, type Observable } from 'rxjs';
import type { Notice } from '../../lib/notice.js';
import { grpcDrain } from '../../lib/microservices/grpc.js';
import type { MicroserviceDrainOptions } from '../../lib/microservices/index.js';
import { taskReport } from '../nest/application.js';
import { freePort } from '../services/balancer.js';
import { bootWith } from './pigeons.js';
import { testedPorts } from './ports.js';

interface Piece {
  readonly n: number;
}

/** A stream of grpc-js, at either end. */
interface Stream extends EventEmitter {
  readonly write: (piece: Piece) => boolean;
  readonly end: () => void;
  readonly cancel: () => void;
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

/** What the handlers of streams have seen. */
const seen: string[] = [];

@Controller()
class Streams {
  @GrpcStreamCall('Work', 'Chat')
  chat(call: Stream): void {
    started.complete();
    call.on('data', (piece: Piece) => call.write(piece));
    call.on('cancelled', () => seen.push('cancelled'));
    call.on('end', () => call.end());
  }

  @GrpcStreamMethod('Work', 'Relay')
  relay(sent: Observable<Piece>): Observable<Piece> {
    started.complete();
    return sent;
  }

  @GrpcStreamCall('Work', 'Upload')
  upload(call: Stream, answer: (error: unknown, piece: Piece) => void): void {
    started.complete();
    call.on('data', () => undefined);
    call.on('end', () => answer(null, { n: 7 }));
  }

  @GrpcStreamMethod('Work', 'Sum')
  async sum(sent: Observable<Piece>): Promise<Piece> {
    started.complete();
    return lastValueFrom(sent);
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

async function boot(drain: MicroserviceDrainOptions = {}, more: object = {}) {
  const options = { ...SERVICE, ...more, url: `127.0.0.1:${await freePort()}` };
  const booted = await bootWith([new ServerGrpc(options)], {
    controllers: [Work, Streams],
    drain,
    shutdown: { phases: [{ name: 'drain', timeout: 1_500 }] },
  });
  closing.push(() => booted.app.close());
  const client = new ClientGrpcProxy(options);
  closing.push(() => client.close());
  return { ...booted, url: options.url, work: client.getService<WorkClient>('Work') };
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

describe('a gRPC stream', () => {
  test('is waited for until it ends by itself', async () => {
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

  test("that never ends is completed with status OK with streams: 'end'", async () => {
    const { shutdown, work } = await boot({ streams: 'end' });
    const stream = await opened(work);
    expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({ outcome: 'completed' });
    expect(await stream.all).toEqual([1]);
  });

  test("that starts during the drain also ends with streams: 'end'", async () => {
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

  test('that does not end in time is cut and named in the report', async () => {
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

describe('a unary gRPC call', () => {
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

  test('that is not answered in time is cut and named in the report', async () => {
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

const DEFINITION = loadSync(SERVICE.protoPath);

/** Calls a method whose request is a stream by the client of grpc-js itself; `ending` is how the call ends. */
async function streamed(
  url: string,
  method: 'Chat' | 'Relay' | 'Upload' | 'Sum',
): Promise<{ readonly stream: Stream; readonly ending: Promise<number> }> {
  const { work } = loadPackageDefinition(DEFINITION) as never as {
    work: { Work: new (...args: unknown[]) => Client };
  };
  const client = new work.Work(url, credentials.createInsecure());
  closing.push(() => client.close());
  const stream: Stream = Reflect.apply(Reflect.get(client, method), client, [() => undefined]);
  const ending = new Promise<number>((resolve) => {
    stream.on('status', ({ code }: { code: number }) => resolve(code));
  });
  stream.on('error', () => undefined);
  stream.on('data', () => undefined);
  stream.write({ n: 1 });
  await lastValueFrom(started, { defaultValue: undefined });
  return { stream, ending };
}

describe('a gRPC stream that the client keeps open', () => {
  test.each(['Chat', 'Upload', 'Relay', 'Sum'] as const)(
    'is named, and cut at the deadline (%s)',
    async (method) => {
      const { clock, shutdown, url } = await boot({ streams: 'finish' });
      const { ending } = await streamed(url, method);
      const report = await clock.runUntil(shutdown.run('a test'));
      expect(taskReport(report, NAME)).toMatchObject({
        outcome: 'timed-out',
        inFlight: [{ name: `/work.Work/${method}`, ageMs: 1_500 }],
      });
      expect(await ending).not.toBe(status.OK);
    },
  );

  test.each([
    ['Chat', status.OK],
    ['Relay', status.OK],
    ['Upload', status.UNAVAILABLE],
    ['Sum', status.UNAVAILABLE],
  ] as const)('ends in its own words, where streams are to end (%s)', async (method, code) => {
    const { shutdown, url } = await boot({ streams: 'end' });
    const { ending } = await streamed(url, method);
    expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({
      outcome: 'completed',
      durationMs: 0,
    });
    expect(await ending).toBe(code);
  });

  test('emits `cancelled` to its handler', async () => {
    const { shutdown, url } = await boot({ streams: 'end' });
    seen.length = 0;
    await streamed(url, 'Chat');
    await shutdown.run('a test');
    expect(seen).toEqual(['cancelled']);
  });

  test('ends when its client disconnects', async () => {
    const { clock, shutdown, url } = await boot({ streams: 'finish' });
    const { stream, ending } = await streamed(url, 'Sum');
    const run = shutdown.run('a test');
    await clock.advance(500);
    expect(shutdown.state.status).toBe('running');
    stream.cancel();
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed', durationMs: 500 });
    expect(await ending).toBe(status.CANCELLED);
  });

  test('is answered if it ends during the drain', async () => {
    const { clock, shutdown, url } = await boot({ streams: 'finish' });
    const { stream, ending } = await streamed(url, 'Upload');
    const run = shutdown.run('a test');
    await clock.advance(500);
    stream.end();
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed' });
    expect(await ending).toBe(status.OK);
  });
});

describe('a gRPC service that Nest did not create', () => {
  const json = {
    requestSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
    requestDeserialize: (text: Buffer): unknown => JSON.parse(String(text)),
    responseSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
    responseDeserialize: (text: Buffer): unknown => JSON.parse(String(text)),
  };

  /** Opens a stream of a service that is added beside Nest's. */
  async function watched(path: string, requestStream = false) {
    const method = { path, requestStream, responseStream: true, ...json };
    const watching: Stream[] = [];
    const add = (_: unknown, server: Server): void => {
      server.addService({ Watch: method }, {
        Watch: (call: Stream) => void (call.write({ n: 1 }), watching.push(call)),
      } as never);
    };
    const { clock, shutdown, url } = await boot({}, { onLoadPackageDefinition: add });
    const client = new Client(url, credentials.createInsecure());
    closing.push(() => client.close());
    const stream = requestStream
      ? client.makeBidiStreamRequest(path, json.requestSerialize, json.responseDeserialize)
      : client.makeServerStreamRequest(path, json.requestSerialize, json.responseDeserialize, {});
    stream.on('error', () => undefined);
    const ending = new Promise<number>((resolve) => {
      stream.on('status', ({ code }: { code: number }) => resolve(code));
    });
    await new Promise((resolve) => stream.once('data', resolve));
    return { clock, shutdown, ending, watching };
  }

  test.each([
    ['/grpc.health.v1.Health/Watch', false],
    ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', true],
    ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', true],
  ])('and that only watches ends with UNAVAILABLE (%s)', async (path, requestStream) => {
    const { shutdown, ending, watching } = await watched(path, requestStream);
    const left: unknown[] = [];
    watching[0]?.on('cancelled', () => left.push('cancelled'));
    expect(taskReport(await shutdown.run('a test'), NAME)).toMatchObject({
      outcome: 'completed',
      durationMs: 0,
    });
    expect(await ending).toBe(status.UNAVAILABLE);
    expect(left).toEqual(['cancelled']);
  });

  test('is waited for like any other', async () => {
    const { clock, shutdown, ending, watching } = await watched('/others.News/Read');
    const run = shutdown.run('a test');
    await clock.advance(500);
    expect(shutdown.state.status).toBe('running');
    watching[0]?.end();
    expect(taskReport(await run, NAME)).toMatchObject({ outcome: 'completed', durationMs: 500 });
    expect(await ending).toBe(status.OK);
  });
});

test('a grpc-js server without register() is logged as not drained', async () => {
  const notices: Notice[] = [];
  const server = new ServerGrpc(SERVICE);
  Reflect.set(server, 'createClient', async () => ({}));
  grpcDrain(server, testedPorts({ notices }));
  await server.createClient();
  expect(notices).toMatchObject([
    { code: 'not-drained', text: expect.stringMatching(/^gRPC is not drained: /) },
  ]);
});

test('stopping without a grpc-js server reports that its calls are cut', () => {
  const drain = grpcDrain(new ServerGrpc(SERVICE), testedPorts());
  expect(() => drain.stop()).toThrow('Nest has no grpc-js server with tryShutdown(), so its calls are cut.');
});
