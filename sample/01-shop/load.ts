// The clients, in a separate process. They order again and again, on keep-alive connections. Like a load balancer, they
// probe the shop's readiness, and stop sending once it fails.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadMessage, SentRequest } from './messages.js';

const CLIENTS = 40;
const PROBE_INTERVAL = 50;

const shop = process.argv[2] ?? 'http://127.0.0.1:3000';
const unready = new AbortController();
const requests: SentRequest[] = [];

await Promise.all([probe(), ...Array.from({ length: CLIENTS }, client)]);
const message: LoadMessage = { kind: 'stopped', requests };
process.send?.(message, () => process.disconnect());

async function probe(): Promise<void> {
  while ((await fetch(`${shop}/readyz`)).ok) await sleep(PROBE_INTERVAL);
  unready.abort();
}

async function client(): Promise<void> {
  while (!unready.signal.aborted) requests.push(await order());
}

async function order(): Promise<SentRequest> {
  const sentAt = Date.now();
  const result = await send().catch((error: unknown) => ({ kind: 'failed' as const, why: String(error) }));
  return { sentAt, endedAt: Date.now(), result };
}

async function send(): Promise<SentRequest['result']> {
  const response = await fetch(`${shop}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ item: 'tea' }),
  });
  const text = await response.text();
  if (response.status === 503) return { kind: 'refused' };
  if (response.status !== 201) return { kind: 'failed', why: `${response.status} ${text}` };
  const { id }: { readonly id: string } = JSON.parse(text);
  return { kind: 'accepted', orderId: id };
}
