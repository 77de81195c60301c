import { Server, type Socket } from 'node:net';
import { turn } from './loop-turn.js';

/**
 * Milliseconds. A turn without a new connection comes within a few of them; this bounds a server that is never
 * quiet.
 */
const HOLD_LIMIT = 250;

/** Milliseconds that one turn counts at most: a blocked event loop accepts nothing. */
const TURN_LIMIT = 2;

/**
 * Stops listening without dropping connections that clients have already opened.
 *
 * Closing resets the connections that the kernel has completed and Node has not accepted. libuv accepts one per
 * turn of the event loop, so we wait until a turn brings none. Meanwhile idle connections are paused, which keeps
 * the turns short.
 *
 * Then `net.Server.prototype.close` runs: `http.Server.prototype.close` would also destroy connections whose
 * response has ended but is not flushed.
 */
export async function closeListener(
  server: Server,
  { idle, now }: { readonly idle: readonly Socket[]; readonly now: () => number },
): Promise<void> {
  const paused = new Set(idle);
  const pause = (socket: Socket): void => {
    paused.add(socket);
    // Node's own `connection` listener has scheduled a resume for the end of this tick, which would undo a pause
    // made now. The connection would be served, and its client would return on the next one.
    queueMicrotask(() => socket.pause());
  };
  server.on('connection', pause);
  for (const socket of idle) socket.pause();
  // The first turn only ends the current one.
  await turn();
  let heldMs = 0;
  for (let before = -1; before < paused.size && heldMs < HOLD_LIMIT;) {
    before = paused.size;
    const from = now();
    await turn();
    heldMs += Math.min(now() - from, TURN_LIMIT);
  }
  stopListening(server);
  server.off('connection', pause);
  for (const socket of paused) socket.resume();
}

/** Stops listening, and leaves open connections alone. */
export function stopListening(server: Server): void {
  Server.prototype.close.call(server);
}
