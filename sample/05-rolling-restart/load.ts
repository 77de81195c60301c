// The clients, in a separate process. On keep-alive connections they place orders and read them, one request after the
// other, whatever happens behind nginx. They retry nothing.
import { randomUUID } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counted, LoadMessage, LoadQuestion } from './messages.js';

const CLIENTS = 30;
/** The longest pause of a client before its next request, in milliseconds. */
const THINK_TIME = 40;
/** Milliseconds after which a request counts as failed. */
const PATIENCE = 5_000;

const nginx = process.argv[2] ?? 'http://127.0.0.1:8400';
const agent = new Agent({ keepAlive: true });
const stopping = new AbortController();
let counted = nothing();

process.on('message', (question: LoadQuestion) => {
  if (question === 'stop') stopping.abort();
  else {
    tell({ kind: 'counted', counted });
    counted = nothing();
  }
});
process.on('disconnect', () => process.exit());

await Promise.all(Array.from({ length: CLIENTS }, client));
agent.destroy();
tell({ kind: 'stopped', counted });
process.disconnect();

async function client(): Promise<void> {
  while (!stopping.signal.aborted) {
    const isOrder = Math.random() < 0.5;
    const id = randomUUID();
    const startedAt = performance.now();
    const outcome = await send(isOrder ? 'POST' : 'GET', id).catch(String);
    const ms = Math.round(performance.now() - startedAt);
    const { sent, ok, orders, movedOn, slowestMs, failures } = counted;
    const isOk = typeof outcome !== 'string';
    counted = {
      sent: sent + 1,
      ok: ok + (isOk ? 1 : 0),
      orders: orders + (isOk && isOrder ? 1 : 0),
      movedOn: movedOn + (isOk && outcome.asked > 1 ? 1 : 0),
      slowestMs: Math.max(slowestMs, ms),
      failures: isOk
        ? failures
        : [...failures, `${new Date().toISOString()} ${isOrder ? 'POST' : 'GET'} ${outcome} after ${ms} ms`],
    };
    await sleep(Math.random() * THINK_TIME);
  }
}

/** Places or reads an order. The response must be complete and contain that order. */
async function send(method: 'GET' | 'POST', id: string): Promise<{ readonly asked: number } | string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(method === 'POST' ? `${nginx}/orders` : `${nginx}/orders/${id}`, {
      method,
      agent,
      timeout: PATIENCE,
      headers: { 'content-type': 'application/json' },
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.on('response', resolve);
    sent.end(method === 'POST' ? JSON.stringify({ id }) : undefined);
  });
  const body = await text(response);
  const asked = String(response.headers['x-asked']);
  if (response.statusCode !== (method === 'POST' ? 201 : 200)) return `${response.statusCode} from ${asked}`;
  if (!body.includes(id)) return `the wrong answer from ${asked}: ${body}`;
  return { asked: asked.split(', ').length };
}

function nothing(): Counted {
  return { sent: 0, ok: 0, orders: 0, movedOn: 0, slowestMs: 0, failures: [] };
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}
