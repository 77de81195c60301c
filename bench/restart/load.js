// The clients: node load.js <json>. 100 of them, each with one keep-alive connection, each sending its next
// request when the last one is answered. On `stop` it lets what is under way finish and tells what it saw.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Balancer } from './balancer.js';
import { exchange } from './exchange.js';

const { kind, instances, slowShare } = JSON.parse(process.argv[2]);
const CLIENTS = 100;
const SLOW_MS = 1_500;
const FAST_MS = 20;
const THINK_MS = kind === 'eager' ? 0 : 20;

const seen = { requests: 0, ok: 0, refused: 0, failures: [], lastResponseAt: undefined };
const stopping = new AbortController();
process.once('message', () => stopping.abort());
process.once('disconnect', () => process.exit());

const balancer = new Balancer(instances);
await balancer.start();
process.send('running');
const [replaced] = instances;
const client = kind === 'moved' ? beMoved : stay;
await Promise.all(Array.from({ length: CLIENTS }, client));
balancer.stop();
process.send(seen, () => process.disconnect());

async function beMoved() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!stopping.signal.aborted) {
    const instance = balancer.pick();
    const result = instance === undefined ? undefined : await send(instance, agent);
    if (result?.code === 'ECONNREFUSED') balancer.refused(instance);
    await sleep(Math.random() * THINK_MS);
  }
  agent.destroy();
}

async function stay() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!stopping.signal.aborted) {
    const { code } = await send(replaced, agent);
    if (code === 'ECONNREFUSED') break;
    if (THINK_MS > 0) await sleep(Math.random() * THINK_MS);
  }
  agent.destroy();
}

async function send({ url }, agent) {
  const isSlow = Math.random() < slowShare;
  const ms = isSlow ? SLOW_MS : Math.round(Math.random() * FAST_MS);
  const result = await exchange(`${url}/orders?ms=${ms}`, agent);
  seen.requests += 1;
  if (result.status !== undefined && url === replaced.url) seen.lastResponseAt = result.at;
  if (result.status === 200) seen.ok += 1;
  else if (result.code === 'ECONNREFUSED') seen.refused += 1;
  else seen.failures.push({ ms, ...result });
  return result;
}
