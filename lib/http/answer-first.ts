import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';

/** What answers a request; `undefined` for one that is left alone. */
export type FirstAnswer = (request: IncomingMessage) => ((response: ServerResponse) => void) | undefined;

/**
 * Answers requests in front of every listener of a server, whenever it was added: no middleware, hook or route of
 * a framework stands before it.
 *
 * @param onAnswer called with each exchange before it is answered
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

/** Node emits `request` with nothing else. */
function isExchange(args: readonly unknown[]): args is readonly [IncomingMessage, ServerResponse] {
  return args.length === 2;
}
