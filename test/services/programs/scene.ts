// What the programs here have in common: they are told what to do by their arguments, and print what happens.
import { parseArgs } from 'node:util';
import type { Address, Kind } from './transport.js';

/** Prints a line at once: what a killed process has done must have been told. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: '' },
    kind: { type: 'string', default: 'event' },
    shape: { type: 'string', default: 'micro' },
    topic: { type: 'string', default: 'work' },
    port: { type: 'string', default: '0' },
    via: { type: 'string' },
    redis: { type: 'string', default: '6379' },
    count: { type: 'string', default: '100' },
    rate: { type: 'string', default: '50' },
    handler: { type: 'string', default: '300' },
    drain: { type: 'string', default: '15000' },
    grace: { type: 'string', default: '30000' },
    destroy: { type: 'string', default: '0' },
    window: { type: 'string', default: '2000' },
    patience: { type: 'string', default: '30000' },
    retry: { type: 'boolean', default: false },
    unguarded: { type: 'boolean', default: false },
  },
});

export const kind: Kind = values.kind === 'rpc' ? 'rpc' : 'event';
export const address: Address = {
  topic: values.topic,
  port: Number(values.port),
  ...(values.via === undefined ? {} : { via: Number(values.via) }),
};
/** The port of the Redis that queues are kept in. */
export const redisPort = Number(values.redis);
export const transportName = values.transport;
export const isHybrid = values.shape === 'hybrid';
/** Whether a gateway listens itself, and not on the port of the application. */
export const hasOwnPort = values.shape === 'own port';
export const count = Number(values.count);
/** Messages in a second. */
export const rate = Number(values.rate);
/** Milliseconds that a handler takes. */
export const handlerMs = Number(values.handler);
/** Milliseconds of the phase `drain`. */
export const drainTimeout = Number(values.drain);
/** Milliseconds from the signal in which the process has to be gone. */
export const gracePeriod = Number(values.grace);
/** Milliseconds that a hook of another provider takes, behind the drain and before the transports close. */
export const destroyMs = Number(values.destroy);
/** Milliseconds over which the clients of a gateway are sent away. */
export const windowMs = Number(values.window);
/** Milliseconds after which a caller gives up. */
export const patience = Number(values.patience);
/** Whether the producer sends again what was refused. */
export const retries = values.retry;
/** Whether the application has Nest's own hooks and nothing else. */
export const isUnguarded = values.unguarded;
