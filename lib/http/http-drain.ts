import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server, Socket } from 'node:net';
import { UNREADY_PHASE } from '../plan/phase.js';
import { isFromOutside } from '../plan/reason.js';
import type { InFlightItem, ShutdownContext, ShutdownTask } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import { answerFirst, type FirstAnswer } from './answer-first.js';
import { DrainedServer } from './drained-server.js';
import { followAdapter, followMethods } from './framework-seams.js';
import { memberOf } from '../nest/members.js';
import { notDrained, type Notify } from '../notice.js';
import type { HttpSettings } from './http.options.js';
import { pathMatcher } from './path-pattern.js';
import type { ReachedServers } from './reached-servers.js';
import { RunningHandlers } from './running-handlers.js';

/** Node publishes every accepted socket on this channel, including those of servers that nobody has passed to us. */
const ACCEPTED = 'net.server.socket';

/** Milliseconds that a request which waits for the run has to be answered after the run has ended. */
const ANSWER_LIMIT = 5_000;

const METHODS_HIDDEN = notDrained(
  'A route handler that goes on after its response',
  'this version of Nest calls controllers in another way, so only their requests are waited for',
);

const SERVER_REFUSED = notDrained(
  'The HTTP server',
  'it is not a server of node:net, as under Bun, so requests in flight are neither seen nor waited for, and the run ends as failed. Run the app on Node or Deno, or set http: false',
);

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly drains: Promise<void>[];
      /** Saved here because a server that has stopped listening no longer knows its port. */
      readonly ports: readonly (number | undefined)[];
    };

/**
 * Drains the HTTP servers of the app. From the start of the shutdown, responses ask clients to disconnect. In the
 * drain the listener closes and requests in flight finish, including their route handlers.
 */
export class HttpDrain {
  readonly #owners: (() => Iterable<object>)[] = [];
  readonly #servers = new Map<Server, DrainedServer | undefined>();
  readonly #handlers: RunningHandlers;
  readonly #onAccepted = (message: unknown): void => this.#adopt(message);
  /** What the framework passes to a server as its request listener. */
  #framework: unknown;
  #state: State = { status: 'serving' };
  /** Whether every server of the app can be watched. */
  #coverage: 'complete' | 'incomplete' = 'complete';

  /** @internal Created by Nest. */
  constructor(
    /** `false` leaves the servers to Nest. */
    private readonly settings: HttpSettings | false,
    private readonly clock: Clock,
    private readonly parts: {
      readonly reached?: ReachedServers;
      /** Responds before any other listener. */
      readonly first?: FirstAnswer | undefined;
      readonly notify?: Notify;
    } = {},
  ) {
    this.#handlers = new RunningHandlers(clock, {
      isIgnored: pathMatcher(settings === false ? [] : settings.ignore),
      onFirst: (request, response) => this.#reachedBy(request, response),
    });
  }

  /**
   * Adds a server of `node:http`, `node:https` or `node:http2` to the drain. Adding it again does nothing. A server
   * that never listened is not waited for; one that is added during the drain is drained at once.
   */
  watch(server: Server): void {
    if (this.#servers.has(server)) return;
    if (this.#servers.size === 0 && this.settings !== false) subscribe(ACCEPTED, this.#onAccepted);
    this.parts.reached?.add(server);
    const drained = this.#drainedServer(server);
    this.#servers.set(server, drained);
    if (this.parts.first !== undefined) {
      answerFirst(server, this.parts.first, (request, response) => drained?.adopt(request, response));
    }
    if (drained === undefined) return;
    if (this.#state.status !== 'serving') drained.leave();
    if (this.#state.status === 'draining') this.#state.drains.push(drained.drain(this.#state.idleGrace));
  }

  /** @internal The app has a server that is not a server of Node, as under Bun: its requests cannot be seen. */
  refuse(): void {
    if (this.settings === false || this.#coverage === 'incomplete') return;
    this.#coverage = 'incomplete';
    this.parts.notify?.(SERVER_REFUSED);
  }

  /** Excludes sockets that left HTTP: their owner, such as a gateway, closes them. */
  leaveTo(sockets: () => Iterable<object>): void {
    this.#owners.push(sockets);
  }

  /** @internal Counts the route handlers and middleware that the adapter registers from now on. */
  followAdapter(adapter: object, framework: unknown): void {
    this.#framework = framework;
    if (this.settings === false) return;
    followAdapter(adapter, {
      route: (handler) => this.#handlers.followRoute(handler),
      middleware: (middleware) => this.#handlers.followMiddleware(middleware),
    });
  }

  /** @internal Counts controller methods, including those that keep running after an interceptor has answered. */
  followApplication(app: object): void {
    if (this.settings === false) return;
    const isFollowed = followMethods(app, (...call) => this.#handlers.followMethod(...call));
    // An app without HTTP has no controller methods that a request reaches.
    if (!isFollowed && memberOf(app, 'getHttpAdapter') !== undefined) this.parts.notify?.(METHODS_HIDDEN);
  }

  /**
   * @internal If the shutdown is requested by a running route handler, stops waiting for it. Returns whether it is.
   */
  asked(callers: ReadonlySet<string>): boolean {
    return this.#handlers.asked(callers);
  }

  /** @internal The run has ended: requests that waited for it are answered now, or cut after a limit. */
  runEnded(): void {
    if (!this.#handlers.hasSelfWait) return;
    const timer = this.clock.schedule(() => {
      for (const server of this.#drained) server.severAll();
    }, ANSWER_LIMIT);
    timer.unref();
  }

  /** The requests in flight on all servers, and the handlers that still run without one, oldest first. */
  get items(): readonly InFlightItem[] {
    const requests = new Set(this.#drained.flatMap((server) => server.requests));
    return [
      ...this.#drained.flatMap((server) => server.items),
      ...this.#handlers.itemsBeside(requests),
    ].toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** The tasks that ask clients to disconnect and drain the servers. */
  tasks(): readonly ShutdownTask[] {
    if (this.settings === false) return [];
    const { phase, idleGrace } = this.settings;
    return [
      { name: 'HttpDrain.leave', phase: UNREADY_PHASE, run: () => this.#leave() },
      {
        name: 'HttpDrain',
        phase,
        inFlight: () => this.items,
        run: (context) => this.#drain(context, idleGrace),
      },
    ];
  }

  #leave(): void {
    this.#state = { status: 'leaving' };
    for (const server of this.#drained) server.leave();
  }

  async #drain({ reason, signal }: ShutdownContext, configured: number): Promise<void> {
    const sever = (): void => {
      for (const server of this.#drained) server.sever();
    };
    signal.addEventListener('abort', sever, { once: true });
    // After `app.close()` without a signal, no client requests are expected.
    const idleGrace = isFromOutside(reason) ? configured : 0;
    const ports = this.#ports;
    const drains = this.#drained.map((server) => server.drain(idleGrace));
    this.#state = { status: 'draining', idleGrace, drains, ports };
    // A server that is found meanwhile adds to the list.
    for (const drained of drains) await drained;
    await this.#handlers.idle(signal);
    unsubscribe(ACCEPTED, this.#onAccepted);
    if (this.#coverage === 'incomplete') {
      throw new Error('A server of the app cannot be watched: its requests may be cut.');
    }
  }

  /**
   * The first request that reaches a route handler. It may come through a server, or a platform, that nobody passed
   * to us.
   */
  #reachedBy(request: IncomingMessage | undefined, response: ServerResponse | undefined): void {
    this.parts.reached?.hand();
    const server: unknown = request === undefined ? undefined : Reflect.get(request.socket, 'server');
    if (!(server instanceof Server) || this.#servers.has(server)) return;
    this.watch(server);
    if (request !== undefined && response !== undefined) this.#servers.get(server)?.adopt(request, response);
  }

  #drainedServer(server: Server): DrainedServer | undefined {
    if (this.settings === false) return undefined;
    const isSelfWait = (request: IncomingMessage): boolean => this.#handlers.isSelfWait(request);
    const ownedSockets = (): ReadonlySet<object> =>
      new Set(this.#owners.flatMap((sockets) => [...sockets()]));
    return new DrainedServer(server, { ...this.settings, clock: this.clock, ownedSockets, isSelfWait });
  }

  /** Adds a server of the app that nobody passed to us, with the first connection that it accepts. */
  #adopt(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    const { socket } = message;
    if (!(socket instanceof Socket)) return;
    const server: unknown = Reflect.get(socket, 'server');
    if (!(server instanceof Server) || this.#servers.has(server) || !this.#isOurs(server)) return;
    this.watch(server);
    this.parts.reached?.hand();
    this.#servers.get(server)?.accept(socket);
  }

  /**
   * A server from Nest's "multiple servers" recipe uses our framework as its request listener. Fastify listens on
   * each address of `localhost` with a separate server, and exposes only the first.
   */
  #isOurs(server: Server): boolean {
    if (
      this.#framework !== undefined &&
      server.listeners('request').some((each) => each === this.#framework)
    ) {
      return true;
    }
    const port = portOf(server);
    return port !== undefined && this.#ports.includes(port);
  }

  get #drained(): readonly DrainedServer[] {
    return [...this.#servers.values()].filter((server) => server !== undefined);
  }

  get #ports(): readonly (number | undefined)[] {
    return this.#state.status === 'draining' ? this.#state.ports : Array.from(this.#servers.keys(), portOf);
  }
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
