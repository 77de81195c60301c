import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MistakeList } from '../plan/mistake.js';
import type { ProbesSettings } from './probes.options.js';

/** The response to a probe. It reveals nothing about the app. */
export interface ProbeAnswer {
  readonly statusCode: 200 | 404 | 503;
  readonly body: { readonly status: 'alive' | 'starting' | 'ready' | 'draining' | 'unknown' };
}

/** A server that accepts routes, such as Nest's adapters for Express and Fastify. */
export interface RouteHost {
  get(path: string, handler: (request: unknown, response: unknown) => void): unknown;
  reply(response: unknown, body: unknown, statusCode: number): unknown;
}

/** Answers the probes of a platform. */
export class Probes {
  constructor(
    private readonly settings: ProbesSettings | undefined,
    private readonly readiness: () => 'starting' | 'ready' | 'draining',
  ) {}

  /** The paths that must be served until the end. */
  get paths(): readonly string[] {
    return this.settings === undefined ? [] : [this.settings.readiness, this.settings.liveness];
  }

  /** The response on a path; `undefined` for other paths. */
  answer(path: string): ProbeAnswer | undefined {
    if (path === this.settings?.liveness) return { statusCode: 200, body: { status: 'alive' } };
    if (path !== this.settings?.readiness) return undefined;
    const status = this.readiness();
    const isReady = status === 'ready' || (status === 'draining' && this.settings.whileDraining === 'keep');
    return isReady ? { statusCode: 200, body: { status: 'ready' } } : { statusCode: 503, body: { status } };
  }

  /** Answers probes on the app's server, before any other listener. */
  get first(): ((request: IncomingMessage) => ((response: ServerResponse) => void) | undefined) | undefined {
    const { settings } = this;
    if (settings === undefined || settings.port !== undefined) return undefined;
    return ({ url = '', method }) => {
      // A cheap check first: almost no request is a probe.
      if (!url.startsWith(settings.readiness) && !url.startsWith(settings.liveness)) return undefined;
      if (method !== 'GET' && method !== 'HEAD') return undefined;
      const answer = this.answer(pathOf(url));
      return answer && ((response) => send(response, answer));
    };
  }

  /**
   * Mounts the probes as routes of the framework, unless they have their own port: for requests that do not come
   * through a server, such as injected ones in tests.
   */
  mount(host: RouteHost | undefined, mistakes: MistakeList): void {
    if (this.settings === undefined || this.settings.port !== undefined) return;
    if (host === undefined) {
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        'probes.port',
        'the app has no HTTP server to answer the probes. Set a port for them, such as 9090.',
      );
      return;
    }
    for (const path of this.paths) {
      host.get(path, (_request, response) => {
        const answer = this.answer(path);
        if (answer !== undefined) host.reply(response, answer.body, answer.statusCode);
      });
    }
  }
}

/** The path of a request, without its query or a trailing slash. */
export function pathOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Writes the response to a probe. */
export function send(response: ServerResponse, { statusCode, body }: ProbeAnswer): void {
  const text = JSON.stringify(body);
  response.writeHead(statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
