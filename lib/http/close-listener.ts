import { Server, type Socket } from 'node:net';
import { turn } from './loop-turn.js';

/** A quiet turn comes within a few milliseconds; this is for a server whose clients never stop coming. */
const HOLD_LIMIT = 250;

/** So much of a turn counts at most: while the loop is blocked nobody can be accepted. */
const TURN_LIMIT = 2;

/**
 * Stops listening without losing anything that has been accepted or is about to be.
 *
 * First it takes in the connections that the kernel has completed and nobody has accepted yet: closing would
 * reset them. libuv accepts one in a turn, so it goes on until a turn brings none. What is idle is paused
 * meanwhile, so that the turns are short.
 *
 * Then it closes as a `net.Server`: the `close` of `http.Server` also destroys connections whose response has
 * ended and is not yet written.
 */
export async function closeListener(
  server: Server,
  { idle, now }: { readonly idle: readonly Socket[]; readonly now: () => number },
): Promise<void> {
  const paused = new Set(idle);
  const pause = (socket: Socket): void => {
    paused.add(socket);
    // Node's own listener has scheduled a resume for the end of this tick, which would undo a pause made now:
    // the connection would be served, and its client would come back with the next one.
    queueMicrotask(() => socket.pause());
  };
  server.on('connection', pause);
  for (const socket of idle) socket.pause();
  // The first turn only ends the one in which we were called.
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

/** Closes the listener, and nothing but the listener. */
export function stopListening(server: Server): void {
  Server.prototype.close.call(server);
}
