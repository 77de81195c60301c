import { randomUUID } from 'node:crypto';
import { Agent, get } from 'node:http';
import { ForkedProgram } from '../process/fork.js';
import { freePort } from './balancer.js';
import { describeWithBroker } from './broker.js';
import { IS_FULL } from './replacement.js';

const TRANSPORTS = [
  { name: 'TCP', transport: 'tcp' },
  { name: 'gRPC', transport: 'grpc' },
  { name: 'RabbitMQ', transport: 'rabbitmq', port: 5672 },
  { name: 'NATS', transport: 'nats', port: 4222 },
  { name: 'Redis', transport: 'redis', port: 6379 },
  { name: 'MQTT', transport: 'mqtt', port: 1883 },
] as const;

import.meta.jest.setTimeout(120_000);

/** The status of an answer, or why there is none. */
function answerOf(port: number, n: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: `/${n}`, agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
    });
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Requests on one connection after another, until nobody listens any more. */
async function answersInARow(port: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: string[] = [];
  for (let answer = ''; answer !== 'ECONNREFUSED';) {
    answer = await answerOf(port, answers.length, agent);
    answers.push(answer);
  }
  return answers.slice(0, -1);
}

for (const [index, { name, transport, ...broker }] of TRANSPORTS.entries()) {
  const declare = (): void => {
    const majors = ([11, 12] as const).filter((_, each) => IS_FULL || each === index % 2);
    test.each(majors)(
      'requests that call the own microservice are answered to the end (Nest %i)',
      async (major) => {
        const port = await freePort();
        const args = [`--transport=${transport}`, `--topic=test-${randomUUID()}`, `--port=${port}`];
        const program = new ForkedProgram('self-caller', { folder: 'services', major, args });
        await program.printed('started');
        const http = Number(program.lines.find((line) => line.startsWith('port '))?.slice(5));
        const agent = new Agent({ keepAlive: false });
        // The client is connected.
        expect(await answerOf(http, 0, agent)).toBe('200');
        const early = Array.from({ length: 5 }, (_, n) => answerOf(http, 100 + n, agent));
        const row = answersInARow(http);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await program.signalAt('started', 'SIGTERM');
        const { code, durationMs } = await program.ended;
        expect(await Promise.all(early)).toEqual(Array(5).fill('200'));
        expect((await row).filter((each) => each !== '200')).toEqual([]);
        expect(code).toBe(0);
        expect(durationMs).toBeLessThan(10_000);
      },
    );
  };
  if ('port' in broker) await describeWithBroker({ name, port: broker.port }, declare);
  else
    describe(`${name}, without a broker`, () => {
      declare();
    });
}
