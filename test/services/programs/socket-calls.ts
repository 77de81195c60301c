// What a client of sockets has to do by itself, since no library of sockets knows of answers that are missing:
// where the connection closes with 1001 it fails what is unanswered, and says that it is safe to send again.
import { defer, type Observable } from 'rxjs';
import type { Sender } from './transport.js';

/** The error of a call that never started: `retryRefused()` knows it. */
const DRAINING = { status: 'draining', message: 'The server is going away; the call was not started.' };

/** The error of a call for which the connection was closing already: its library drops what is sent then. */
const UNSENT = { status: 'draining', message: 'The connection is closing; the call was not sent.' };

/** One connection, as the library has it. */
export interface Line {
  readonly isOpen: () => boolean;
  readonly send: (n: number) => void;
  readonly close: () => void;
}

/** What becomes of a connection. */
export interface LineEvents {
  readonly onAnswer: (n: number) => void;
  /** It has ended, with the code of the WebSocket. */
  readonly onClosed: (code: number | undefined) => void;
}

/** Opens a connection; rejects where that is refused. */
export type OpenLine = (events: LineEvents) => Promise<Line>;

/** How many clients there are, each with a connection. */
const CLIENTS = 10;

interface Call {
  readonly answered: () => void;
  readonly failed: (error: unknown) => void;
}

/** A client that opens its connection again when the next call needs one. */
class Client {
  readonly #calls = new Map<number, Call>();
  #line: Promise<Line> | undefined;

  constructor(private readonly open: OpenLine) {}

  async call(n: number): Promise<number> {
    const line = await this.#connected();
    if (!line.isOpen()) throw UNSENT;
    await new Promise<void>((answered, failed) => {
      this.#calls.set(n, { answered, failed });
      line.send(n);
    });
    return n;
  }

  async connect(): Promise<void> {
    await this.#connected();
  }

  async close(): Promise<void> {
    (await this.#line)?.close();
  }

  async #connected(): Promise<Line> {
    if (this.#line !== undefined) return this.#line;
    this.#line = this.open({
      onAnswer: (n) => {
        this.#calls.get(n)?.answered();
        this.#calls.delete(n);
      },
      onClosed: (code) => this.#closed(code),
    });
    try {
      return await this.#line;
    } catch {
      this.#line = undefined;
      throw DRAINING;
    }
  }

  #closed(code: number | undefined): void {
    this.#line = undefined;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    // Any other code says nothing about what was started.
    const error = code === 1001 ? DRAINING : new Error(`The connection closed with ${code}.`);
    for (const { failed } of calls) failed(error);
  }
}

/** Ten clients that send in turn. */
export async function socketSender(open: OpenLine): Promise<Sender> {
  const clients = Array.from({ length: CLIENTS }, () => new Client(open));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    send: (n): Observable<unknown> => defer(async () => clients[n % CLIENTS]?.call(n)),
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}
