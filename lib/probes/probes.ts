import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MistakeList } from '../plan/mistake.js';
import type { ProbesSettings } from './probes.options.js';

/** What a probe is told: nothing of the inside. */
export interface ProbeAnswer {
  readonly statusCode: 200 | 404 | 503;
  readonly body: { readonly status: 'alive' | 'starting' | 'ready' | 'draining' | 'unknown' };
}

/** A server that takes routes, as Nest's adapters of Express and Fastify do. */
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

  /** The paths that have to be answered to the end. */
  get paths(): readonly string[] {
    return this.settings === undefined ? [] : [this.settings.readiness, this.settings.liveness];
  }

  /** The answer on a path; `undefined` where it is none of ours. */
  answer(path: string): ProbeAnswer | undefined {
    if (path === this.settings?.liveness) return { statusCode: 200, body: { status: 'alive' } };
    if (path !== this.settings?.readiness) return undefined;
    const status = this.readiness();
    const isReady = status === 'ready' || (status === 'draining' && this.settings.whileDraining === 'keep');
    return isReady ? { statusCode: 200, body: { status: 'ready' } } : { statusCode: 503, body: { status } };
  }

  /** What answers a request on the server of the application, in front of everything else. */
  get first(): ((request: IncomingMessage) => ((response: ServerResponse) => void) | undefined) | undefined {
    const { settings } = this;
    if (settings === undefined || settings.port !== undefined) return undefined;
    return ({ url = '', method }) => {
      // Nearly every request is another.
      if (!url.startsWith(settings.readiness) && !url.startsWith(settings.liveness)) return undefined;
      if (method !== 'GET' && method !== 'HEAD') return undefined;
      const answer = this.answer(pathOf(url));
      return answer && ((response) => send(response, answer));
    };
  }

  /**
   * Mounts the probes on the framework of the application, unless they have a port of their own: for requests that
   * no server brings, as those of a test.
   */
  mount(host: RouteHost | undefined, mistakes: MistakeList): void {
    if (this.settings === undefined || this.settings.port !== undefined) return;
    if (host === undefined) {
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        'probes.port',
        'the application has no server on which the probes could be. Give them a port of their own.',
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

/** The path of a request, without its query and a slash at its end. */
export function pathOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Answers a probe on a response of Node. */
export function send(response: ServerResponse, { statusCode, body }: ProbeAnswer): void {
  const text = JSON.stringify(body);
  response.writeHead(statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
