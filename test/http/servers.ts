import { once } from 'node:events';
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { DrainedServer, type DrainSettings } from '../../lib/http/drained-server.js';
import { systemClock } from '../../lib/process/system-clock.js';
import { CERTIFICATE } from './certificate.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The servers of `node:http` and `node:https`, which behave alike. */
export const HTTP1: readonly (readonly ['http' | 'https', (handler?: Handler) => Server])[] = [
  ['http', (handler) => createPlain(handler)],
  ['https', (handler) => createSecure(CERTIFICATE, handler)],
];

export const SETTINGS: DrainSettings = {
  phase: 'drain',
  idleGrace: 0,
  late: 'serve',
  serve: [],
  ignore: [],
  sse: {},
  clock: systemClock,
  ownedSockets: () => new Set(),
};

const drained = new Set<DrainedServer>();

// What a failed test leaves behind must not outlive it.
afterEach(() => {
  for (const server of drained) {
    server.sever();
    if (server.server.listening) server.server.close();
  }
  drained.clear();
});

/** Starts a server on a free port, with its drain. */
export async function serve(
  server: NetServer,
  settings: Partial<DrainSettings> = {},
): Promise<DrainedServer> {
  // Node's 5 s may pass on a busy machine between two lines of a test.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 60_000;
  const drain = new DrainedServer(server, { ...SETTINGS, ...settings });
  drained.add(drain);
  await listen(server);
  return drain;
}

/** Starts a server on a free port, or the given one. */
export async function listen(server: NetServer, port = 0, host = '127.0.0.1'): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return portOf(server);
}

export function portOf(server: NetServer): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
  return address.port;
}

/**
 * A handler that answers each request with its path, when it is told to; and a request to a path that begins
 * with `/now` at once.
 */
export class Desk {
  readonly #held = new Map<string, ServerResponse>();
  readonly #waiting = new Map<string, (response: ServerResponse) => void>();

  readonly handler: Handler = (request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/now')) {
      response.end(url);
      return;
    }
    this.#held.set(url, response);
    this.#waiting.get(url)?.(response);
  };

  /** Resolves with the response of a request when the request is there. */
  arrived(url: string): Promise<ServerResponse> {
    const held = this.#held.get(url);
    if (held !== undefined) return Promise.resolve(held);
    return new Promise((resolve) => {
      this.#waiting.set(url, resolve);
    });
  }

  async answer(...urls: readonly string[]): Promise<void> {
    for (const url of urls) (await this.arrived(url)).end(url);
  }
}
