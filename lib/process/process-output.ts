import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { deadlineAfter } from '../plan/time-budget.js';

const STANDARD_ERROR = 2;

/** Milliseconds to wait for a slow reader. */
const PATIENCE = 100;
const PAUSE = 10;

/** Error codes of an output that has lost its reader or is full. */
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

/** Marks an output that already has our error listener. A test runner loads the package anew for each file. */
const KEPT = Symbol.for('nestjs-phased-shutdown.kept-output');

/**
 * Listens to the errors of an output from now on. A line that nobody reads must not end the process. Any other error
 * without another listener ends it, as in plain Node.
 */
export function keepFromEnding(output: Writable): void {
  if (Reflect.has(output, KEPT)) return;
  Object.defineProperty(output, KEPT, { value: true });
  output.on('error', (error) => {
    if (!LOST.has(String(Reflect.get(error, 'code'))) && output.listenerCount('error') === 1) throw error;
  });
}

/**
 * Writes to standard error synchronously. Gives up if a pipe or a terminal is full and nobody reads it: a blocking
 * write could outlast the grace period.
 *
 * @param unblock makes standard error non-blocking, if possible
 */
export function writeBounded(text: string, unblock: () => void): void {
  try {
    const bytes = Buffer.from(text);
    // Writing to a file never blocks, and reopening it would overwrite it from the start.
    if (fstatSync(STANDARD_ERROR).isFile()) writeSync(STANDARD_ERROR, bytes);
    else writeUnblocked(bytes, unblock);
  } catch {
    // Nobody reads standard error any more; the end of the process must not depend on it.
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
 * Opens standard error under a second descriptor that does not block, so that processes sharing the first one keep
 * theirs unchanged. Works only on Linux, and not for sockets.
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

/** Records whether anything writes to an output until `stop` is called. */
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
