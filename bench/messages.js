// Replaces an instance in the middle of a stream of numbered messages, once with the drain and once with Nest's own
// hooks alone, in pairs, and counts what became of the messages. Needs the brokers of the tests on their standard
// ports; TCP and gRPC stand behind one port that stays. No caller retries, so TCP refuses calls while it drains.
//
//   npm run bench:messages -- [--rounds 3] [--transports rabbitmq,nats,mqtt,redis,tcp,grpc] [--kinds event,rpc]
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { replaceConsumer } from './messages/replace-consumer.js';
import { median, table } from './table.js';

const list = (all) => ({ type: 'string', default: all.join(',') });
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    transports: list(['rabbitmq', 'nats', 'mqtt', 'redis', 'tcp', 'grpc']),
    kinds: list(['event', 'rpc']),
  },
});
const rounds = Number(values.rounds);
const rows = values.transports
  .split(',')
  .flatMap((transport) => values.kinds.split(',').map((kind) => ({ transport, kind, ours: [], nest: [] })))
  // gRPC has no events.
  .filter(({ transport, kind }) => transport !== 'grpc' || kind === 'rpc');

for (let round = 1; round <= rounds; round += 1) {
  for (const { transport, kind, ours, nest } of rows) {
    for (const [variant, results] of Object.entries({ ours, nest })) {
      const flags = variant === 'nest' ? ['--unguarded'] : [];
      const result = await replaceConsumer({ transport, kind, topic: `bench-${randomUUID()}`, flags });
      results.push(result);
      console.error(`${round}/${rounds} ${transport} ${kind} ${variant}: ${JSON.stringify(result)}`);
    }
  }
}

const COLUMNS = ['unfinished', 'lost', 'twice', 'errors', 'exitMs'];
console.log(
  `120 messages at 100/s, handlers of 300 ms, SIGTERM in the middle, the new instance is up before; medians of ` +
    `${rounds} rounds, the drain / Nest's own hooks, on Node ${process.version}`,
);
console.log(
  table(
    ['', 'unfinished', 'lost', 'twice', "callers' errors", 'out after (ms)'],
    rows.map(({ transport, kind, ours, nest }) => [
      `${transport} ${kind}`,
      ...COLUMNS.map((column) =>
        [ours, nest].map((results) => Math.round(median(results.map((each) => each[column])))).join(' / '),
      ),
    ]),
  ),
);
