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
import type { HttpSettings } from './http.options.js';
import { pathMatcher } from './path-pattern.js';
import type { ReachedServers } from './reached-servers.js';
import { RunningHandlers } from './running-handlers.js';

/** Node tells of every accepted socket here, also of those of servers that nobody shows us. */
const ACCEPTED = 'net.server.socket';

/** In milliseconds: how long a request that waits for the run may take to be answered when the run has ended. */
const ANSWER_LIMIT = 5_000;

type State =
  | { readonly status: 'serving' }
  | { readonly status: 'leaving' }
  | {
      readonly status: 'draining';
      readonly idleGrace: number;
      readonly drains: Promise<void>[];
      /** A server that has stopped listening does not know its port any more. */
      readonly ports: readonly (number | undefined)[];
    };

/**
 * Drains the HTTP servers of the application: from the beginning of the shutdown clients are sent away at the
 * end of a response, then the listener closes, and what is in flight finishes, route handlers included.
 */
export class HttpDrain {
  readonly #owners: (() => Iterable<object>)[] = [];
  readonly #servers = new Map<Server, DrainedServer | undefined>();
  readonly #handlers: RunningHandlers;
  readonly #onAccepted = (message: unknown): void => this.#adopt(message);
  /** What the framework of the application gives to a server to answer its requests. */
  #framework: unknown;
  #state: State = { status: 'serving' };
  #isIncomplete = false;

  /** @internal Nest makes it. */
  constructor(
    /** `false` leaves the servers to Nest. */
    private readonly settings: HttpSettings | false,
    private readonly clock: Clock,
    private readonly parts: {
      readonly reached?: ReachedServers;
      /** Answers in front of everything else. */
      readonly first?: FirstAnswer | undefined;
      /** Called when Nest does not show the methods of the controllers: only their requests are counted then. */
      readonly onMethodsHidden?: () => void;
      /** Called when the application has a server that cannot be watched. */
      readonly onServerRefused?: () => void;
    } = {},
  ) {
    this.#handlers = new RunningHandlers(clock, {
      isIgnored: pathMatcher(settings === false ? [] : settings.ignore),
      onFirst: (request, response) => this.#reachedBy(request, response),
    });
  }

  /**
   * Drains a server of `node:http`, `node:https` or `node:http2` with those of the application; asking twice
   * changes nothing. A server that never listened is not waited for, and one that comes during the drain is
   * drained with the others.
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

  /** @internal The application has a server that is not one of Node, as under Bun: nobody sees its requests. */
  refuse(): void {
    if (this.settings === false || this.#isIncomplete) return;
    this.#isIncomplete = true;
    this.parts.onServerRefused?.();
  }

  /** Leaves sockets that left HTTP to whoever shows them here, and sends them away. */
  leaveTo(sockets: () => Iterable<object>): void {
    this.#owners.push(sockets);
  }

  /** @internal Counts what the framework below an adapter is given from now on. */
  followAdapter(adapter: object, framework: unknown): void {
    this.#framework = framework;
    if (this.settings === false) return;
    followAdapter(adapter, {
      route: (handler) => this.#handlers.followRoute(handler),
      middleware: (middleware) => this.#handlers.followMiddleware(middleware),
    });
  }

  /** @internal Counts the methods of the controllers, also those that an interceptor has answered for. */
  followApplication(app: object): void {
    if (this.settings === false) return;
    const isFollowed = followMethods(app, (...call) => this.#handlers.followMethod(...call));
    // An application without HTTP has no controllers' methods that a request reaches.
    if (!isFollowed && memberOf(app, 'getHttpAdapter') !== undefined) this.parts.onMethodsHidden?.();
  }

  /** @internal Whether a route handler asks for the shutdown: it is not waited for any more. */
  asked(callers: ReadonlySet<string>): boolean {
    return this.#handlers.asked(callers);
  }

  /** @internal The run has ended: who waited for it is answered now, or never. */
  runEnded(): void {
    if (!this.#handlers.hasSelfWait) return;
    const timer = this.clock.schedule(() => {
      for (const server of this.#drained) server.severAll();
    }, ANSWER_LIMIT);
    timer.unref();
  }

  /** The requests in flight on all servers, and the handlers that go on without one, the oldest first. */
  get items(): readonly InFlightItem[] {
    const requests = new Set(this.#drained.flatMap((server) => server.requests));
    return [
      ...this.#drained.flatMap((server) => server.items),
      ...this.#handlers.itemsBeside(requests),
    ].toSorted((a, b) => b.ageMs - a.ageMs);
  }

  /** The tasks that send the clients away and drain the servers. */
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
    // Who calls close() has no clients that could still be on their way.
    const idleGrace = isFromOutside(reason) ? configured : 0;
    const ports = this.#ports;
    const drains = this.#drained.map((server) => server.drain(idleGrace));
    this.#state = { status: 'draining', idleGrace, drains, ports };
    // More come while it waits, where a server is found meanwhile.
    for (const drained of drains) await drained;
    await this.#handlers.idle(signal);
    unsubscribe(ACCEPTED, this.#onAccepted);
    if (this.#isIncomplete)
      throw new Error('A server of the app cannot be watched: its requests may be cut.');
  }

  /** The first request that a route handler has: it may come by a server, or a platform, that nobody showed us. */
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

  /** Takes in a server of the application that nobody showed us, with the first connection that it accepts. */
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
   * One of Nest's recipe for several servers answers with our framework. Fastify listens on each address of
   * `localhost` with a server of its own, and shows only the first.
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
