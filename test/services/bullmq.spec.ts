import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ForkedProgram, SLACK } from '../process/fork.js';
import { freePort } from './balancer.js';
import { describeWithBroker } from './broker.js';
import { IS_FULL, replacements, UNNOTICED, type Replacement } from './replacement.js';

/** Orders in all; each is followed by an invoice, which is added at its end. */
const ORDERS = 300;

const waysOn = (major: 11 | 12): readonly Replacement[] =>
  (['rolling', 'restart'] as const).map((mode) => ({
    transport: 'bullmq',
    kind: 'event',
    shape: 'micro',
    major,
    mode,
    count: ORDERS,
    pieces: 2 * ORDERS,
    programs: { consumer: 'bullmq/consumer', producer: 'bullmq/producer' },
  }));

await describeWithBroker({ name: 'Redis', port: 6379 }, () => {
  describe.each([11, 12] as const)('Nest %s, jobs that add jobs: none is lost or done twice', (major) => {
    const ways = waysOn(major);
    const roundsOf = replacements(ways);

    test.each(ways.map((way) => [way.mode, way] as const))('%s', (_, way) => {
      for (const replaced of roundsOf(way)) {
        expect(replaced).toMatchObject(UNNOTICED);
        expect(replaced.finishedLate).toBeGreaterThan(0);
      }
    });
  });

  const majors = IS_FULL ? ([11, 12] as const) : ([12] as const);
  describe.each(majors)('Nest %s, Redis is lost before the signal', (major) => {
    /** Milliseconds of the phase `drain`, and of the whole. */
    const [drain, grace] = [2_000, 6_000];

    test.each([
      ['has died', 'SIGKILL', 'end 0', /WorkerDrain \(orders\)/],
      // By then the worker may be idle, or have the end of its job to store, or a follow-up of it.
      [
        'does not answer',
        'SIGSTOP',
        'end 0',
        /'WorkerDrain \(orders\)' .* failed: .* closed by force|of 'orders' was closed by force\. Not handed back: orders: /,
      ],
      ['has died under a job', 'SIGKILL', 'start 0', /closed by force\. Not handed back: orders: order 1 /],
    ] as const)(
      'and %s: the process is gone in time, with the worker named',
      async (_, loss, moment, named) => {
        const redis = await PrivateRedis.start();
        const handler = moment === 'start 0' ? 60_000 : 10;
        const args = [
          `--redis=${redis.port}`,
          '--count=1',
          `--handler=${handler}`,
          `--drain=${drain}`,
          `--grace=${grace}`,
        ];
        const consumer = new ForkedProgram('bullmq/consumer', { folder: 'services', major, args });
        await consumer.printed('started');
        const producer = new ForkedProgram('bullmq/producer', { folder: 'services', major, args });
        await producer.ended;
        await consumer.printed(moment);
        redis.process.kill(loss);
        await consumer.signalAt('started', 'SIGTERM');
        const { lines, durationMs } = await consumer.ended;
        redis.process.kill('SIGKILL');

        process.stdout.write(
          `    Nest ${major}, ${loss} at '${moment}': gone after ${Math.round(durationMs)} ms\n`,
        );
        expect(durationMs).toBeLessThan(grace + SLACK);
        expect(lines.join('\n')).toMatch(named);
      },
    );
  });
});

/** A Redis of the test's own, which may be lost. */
class PrivateRedis {
  private constructor(
    readonly port: number,
    readonly process: ChildProcess,
  ) {}

  static async start(): Promise<PrivateRedis> {
    const port = await freePort();
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
    for (;;) {
      const socket = connect(port, '127.0.0.1');
      const [event] = await Promise.race([
        once(socket, 'connect').then(() => ['connect']),
        new Promise<string[]>((resolve) => socket.once('error', () => resolve(['error']))),
      ]);
      socket.destroy();
      if (event === 'connect') return new PrivateRedis(port, child);
    }
  }
}
