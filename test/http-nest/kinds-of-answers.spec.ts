import 'reflect-metadata';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { Controller, Get, Module, Post, Put, Res } from '@nestjs/common';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { ADAPTERS, type Create } from './shop.js';

/** What a handler writes to: with Fastify it is behind its reply. */
interface Reply extends ServerResponse {
  readonly raw?: ServerResponse;
  hijack?(): unknown;
}

function rawOf(reply: Reply): ServerResponse {
  reply.hijack?.();
  return reply.raw ?? reply;
}

const held: ServerResponse[] = [];

function stream(reply: Reply): void {
  const raw = rawOf(reply);
  raw.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive' });
  raw.write('data: token\n\n');
  held.push(raw);
}

@Controller('api')
class Answers {
  @Post('chat')
  chat(@Res() reply: Reply): void {
    stream(reply);
  }

  @Put('import')
  progress(@Res() reply: Reply): void {
    stream(reply);
  }

  @Get('rows')
  rows(@Res() reply: Reply): void {
    const raw = rawOf(reply);
    raw.setHeader('Content-Type', 'application/x-ndjson');
    raw.write('data: token\n');
    held.push(raw);
  }

  @Get('poll/:channel')
  poll(@Res() reply: Reply): void {
    held.push(rawOf(reply));
  }
}

interface Scene {
  readonly app: Awaited<ReturnType<Create>>;
  readonly port: number;
}

async function open(create: Create, options: GracefulShutdownOptions = {}): Promise<Scene> {
  @Module({
    imports: [GracefulShutdownModule.forRoot({ logger: false, signals: [], ...options })],
    controllers: [Answers],
  })
  class AnswersModule {}
  const app = await create(AnswersModule);
  enableGracefulShutdown(app);
  await app.listen(0, '127.0.0.1');
  return { app, port: Number(new URL(await app.getUrl()).port) };
}

const agents = new Set<Agent>();

afterEach(() => {
  held.length = 0;
  for (const agent of agents) agent.destroy();
  agents.clear();
});

async function ask(port: number, method: string, path: string): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: true });
  agents.add(agent);
  const asked = request({ host: '127.0.0.1', port, method, path, agent });
  asked.end();
  const [response]: IncomingMessage[] = await once(asked, 'response');
  if (response === undefined) throw new Error('There is no response.');
  return response;
}

const PHASES = [
  { name: 'drain', timeout: 300 },
  { name: 'close', timeout: 1_000 },
];

describe.each(ADAPTERS)('the drain of an app on %s', (_, create) => {
  test.each([
    ['POST', '/api/chat'],
    ['PUT', '/api/import'],
    ['GET', '/api/rows'],
  ])('lets a stream that answers %s %s finish', async (method, path) => {
    const { app, port } = await open(create);
    const response = await ask(port, method, path);
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => (body += text));
    while (!body.includes('token')) await once(response, 'data');
    const ended = once(response, 'end');
    const closed = app.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    held[0]?.end('data: [DONE]\n\n');
    await Promise.all([ended, closed]);

    expect(response.complete).toBe(true);
    expect(body).toMatch(/token\n+data: \[DONE\]\n\n$/);
    expect(app.get(GracefulShutdown).report?.outcome).toBe('completed');
  });

  test('cuts and names an unfinished stream at the end of the phase, so that its client notices', async () => {
    const { app, port } = await open(create, { phases: PHASES });
    const response = await ask(port, 'POST', '/api/chat');
    const failed = once(response.resume(), 'error');
    await app.close();

    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(response.complete).toBe(false);
    const drain = app.get(GracefulShutdown).report?.phases.find(({ name }) => name === 'drain');
    expect(drain?.tasks.find(({ name }) => name === 'HttpDrain')).toMatchObject({
      outcome: 'timed-out',
      inFlight: [{ name: 'POST /api/chat' }],
    });
  });

  test.each(['/api/poll/:channel', '/api/poll/*', '/:any/poll{/:channel}'])(
    'does not wait for a poll where %s is ignored',
    async (pattern) => {
      const { app, port } = await open(create, { http: { ignore: [pattern] } });
      const polled = ask(port, 'GET', '/api/poll/7').catch((error: unknown) => error);
      while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await app.close();

      expect(await polled).toMatchObject({ code: 'ECONNRESET' });
      expect(app.get(GracefulShutdown).report?.outcome).toBe('completed');
    },
  );
});
