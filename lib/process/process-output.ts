import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { deadlineAfter } from '../plan/time-budget.js';

const STANDARD_ERROR = 2;

/** Milliseconds that a reader who is slow is waited for. */
const PATIENCE = 100;
const PAUSE = 10;

/** How an output fails whose reader has gone, or that can take no more. */
const LOST = new Set([
  'EPIPE',
  'EIO',
  'ECONNRESET',
  'ENOTCONN',
  'ENXIO',
  'EBADF',
  'ENOSPC',
  'EDQUOT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** On an output that is kept from ending the process: a test runner loads the package anew for each file. */
const KEPT = Symbol.for('nestjs-phased-shutdown.kept-output');

/**
 * Listens to the errors of an output from now on. A line that nobody reads is not a reason to end the process; any
 * other error that nobody else listens to ends it as Node would.
 */
export function keepFromEnding(output: Writable): void {
  if (Reflect.has(output, KEPT)) return;
  Object.defineProperty(output, KEPT, { value: true });
  output.on('error', (error) => {
    if (!LOST.has(String(Reflect.get(error, 'code'))) && output.listenerCount('error') === 1) throw error;
  });
}

/**
 * Writes to standard error before it returns, and gives up where a pipe or a terminal is full and nobody reads it:
 * a write that blocks would outlast the grace period.
 *
 * @param unblock makes standard error non-blocking where it can be
 */
export function writeBounded(text: string, unblock: () => void): void {
  try {
    const bytes = Buffer.from(text);
    // A file never blocks, and one that is opened again is written from its beginning.
    if (fstatSync(STANDARD_ERROR).isFile()) writeSync(STANDARD_ERROR, bytes);
    else writeUnblocked(bytes, unblock);
  } catch {
    // Nobody reads standard error any more; the end of the process must not hang on that.
  }
}

function writeUnblocked(bytes: Uint8Array, unblock: () => void): void {
  const own = openAgain();
  if (own === undefined) unblock();
  try {
    writeWhole(own ?? STANDARD_ERROR, bytes);
  } finally {
    if (own !== undefined) closeSync(own);
  }
}

/**
 * Standard error under a descriptor that does not block; those who share the first one keep it as it is. Linux alone
 * can do so, and not for a socket.
 */
function openAgain(): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${STANDARD_ERROR}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  const until = deadlineAfter(performance.now(), PATIENCE);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isFull || performance.now() >= until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}

/** Says whether something writes to an output until it is stopped. */
export function watchWrites(output: Writable): { readonly isUsed: () => boolean; readonly stop: () => void } {
  const before = Object.getOwnPropertyDescriptor(output, 'write');
  const write: unknown = output.write;
  let isUsed = false;
  const watched = (...args: readonly unknown[]): unknown => {
    isUsed = true;
    return typeof write === 'function' ? Reflect.apply(write, output, args) : false;
  };
  Object.defineProperty(output, 'write', { value: watched, configurable: true, writable: true });
  return {
    isUsed: () => isUsed,
    stop: () => {
      if (before === undefined) Reflect.deleteProperty(output, 'write');
      else Object.defineProperty(output, 'write', before);
    },
  };
}
