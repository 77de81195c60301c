import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';

/** Returns the function that responds to a request; `undefined` leaves the request to the app. */
export type FirstAnswer = (request: IncomingMessage) => ((response: ServerResponse) => void) | undefined;

/**
 * Responds to requests before any listener of the server sees them, no matter when the listener was added.
 * Middleware, framework hooks and routes cannot intercept them.
 *
 * @param onAnswer called with each request and response, before the response is written
 */
export function answerFirst(
  server: Server,
  first: FirstAnswer,
  onAnswer: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const emit: (event: string | symbol, ...args: readonly unknown[]) => boolean = server.emit;
  const emitOrAnswer = function (
    this: unknown,
    event: string | symbol,
    ...args: readonly unknown[]
  ): boolean {
    if (event !== 'request' || !isExchange(args)) return Reflect.apply(emit, this, [event, ...args]);
    const answer = first(args[0]);
    if (answer === undefined) return Reflect.apply(emit, this, [event, ...args]);
    onAnswer(...args);
    answer(args[1]);
    return true;
  };
  Object.defineProperty(server, 'emit', { configurable: true, writable: true, value: emitOrAnswer });
}

/** Node always emits `request` with exactly these two arguments. */
function isExchange(args: readonly unknown[]): args is readonly [IncomingMessage, ServerResponse] {
  return args.length === 2;
}
