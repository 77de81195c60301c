import type { Server } from 'node:net';
import { stopListening } from '../http/close-listener.js';
import { isFromOutside } from '../plan/reason.js';
import type { InFlightItem, ShutdownContext } from '../plan/task.js';
import { deadlineAfter, divideDrain } from '../plan/time-budget.js';
import { millisecondsUntil, type Clock } from '../run/clock.js';
import { toError } from '../run/errors.js';
import { pause, within } from '../run/expiry.js';
import type { GatewayClient } from './gateway-client.js';
import type { GatewayClients } from './gateway-clients.js';
import type { GatewaySettings } from './gateway.options.js';
import { refuseClients } from './known-libraries.js';
import { turnsWithin } from './turns.js';

/** Milliseconds to wait until no server listens; `HttpDrain` closes the listeners within a few turns. */
const LISTENER_LIMIT = 300;
/** Milliseconds that a client has to stop sending after the app's event. */
const NOTICE = 100;
/** Milliseconds to wait for a moment without work for a client, before new work is refused. */
const QUIET_LIMIT = 1_000;
/** Milliseconds that a client has to close its side. */
const CLOSE_LIMIT = 2_000;
/** Milliseconds that the last client of the window may take to go. */
const FAREWELL = NOTICE + QUIET_LIMIT + CLOSE_LIMIT;

/** The servers that the clients connect to. */
export interface GatewayServers {
  /** Those that gateways are bound to. */
  readonly bound: Iterable<object>;
  /** The listeners below: of the app, and of gateways with a port of their own. */
  readonly listeners: Iterable<Server>;
  readonly own: Iterable<Server>;
}

/**
 * Whether clients are closed in turns with time to leave, or all at once if the shutdown was not requested from
 * outside.
 */
type Pace = 'in turns' | 'at once';

/** Closes the clients: first new ones are refused, then each is closed in turn, after its pending replies. */
export class GatewayDrain {
  readonly #failures: Error[] = [];
  #severed: readonly InFlightItem[] | undefined;
  #status: 'serving' | 'draining' = 'serving';

  constructor(
    private readonly clients: GatewayClients,
    private readonly servers: GatewayServers,
    private readonly ports: { readonly settings: GatewaySettings; readonly clock: Clock },
  ) {}

  /** The work in progress for clients; after the deadline, what was cut. */
  get items(): readonly InFlightItem[] {
    return this.#severed ?? this.clients.items;
  }

  /** Records a failure of `handleConnection` or `handleDisconnect`. Returns `'not ours'` outside the drain. */
  failed(error: unknown): 'reported' | 'not ours' {
    if (this.#status === 'serving') return 'not ours';
    this.#failures.push(toError(error));
    return 'reported';
  }

  async run({ reason, signal, deadline }: ShutdownContext): Promise<void> {
    this.#status = 'draining';
    signal.addEventListener('abort', () => this.#sever(), { once: true });
    const parted: Promise<void>[] = [];
    for (const server of this.servers.bound) refuseClients(server);
    this.clients.closeDoors((client) => parted.push(this.#part(client, 'at once')));
    // A client that is closed earlier would reconnect to this instance.
    await this.#untilNobodyListens();
    const pace = isFromOutside(reason) ? 'in turns' : 'at once';
    const left = millisecondsUntil(deadline, this.ports.clock);
    const { mode, window } = this.ports.settings;
    if (mode === 'finish' && pace === 'in turns') {
      const { waitMs } = divideDrain(left, window + FAREWELL);
      await within(this.clients.empty(), { ms: waitMs, clock: this.ports.clock });
    }
    parted.push(...this.#sendAway(pace, deadline));
    // Late clients add to the list while it waits.
    for (const each of parted) await each;
    await this.clients.empty();
    if (this.#failures.length > 0) throw oneOf(this.#failures);
  }

  #sendAway(pace: Pace, deadline: number): readonly Promise<void>[] {
    const { clock, settings } = this.ports;
    const present = this.clients.present.filter(({ status }) => status === 'open');
    const window =
      pace === 'in turns' ? divideDrain(millisecondsUntil(deadline, clock), settings.window).endMs : 0;
    const turns = turnsWithin(present.length, window);
    return present.map(async (client, index) => {
      const turn = turns[index] ?? 0;
      if (turn > 0) await within(client.gone(), { ms: turn, clock });
      await this.#part(client, pace);
    });
  }

  async #part(client: GatewayClient, pace: Pace): Promise<void> {
    const { clock, settings } = this.ports;
    const { event } = settings;
    // Sending throws if the data has a circular reference.
    if (event !== undefined) this.#attempt(() => client.tell(event));
    if (pace === 'in turns') {
      if (event !== undefined) await within(client.gone(), { ms: NOTICE, clock });
      await within(client.quiet(), { ms: QUIET_LIMIT, clock });
    }
    client.endStreams();
    await this.#answered(client);
    this.#attempt(() => client.close(settings.farewell));
    await within(client.gone(), { ms: CLOSE_LIMIT, clock });
    this.#attempt(() => client.sever());
    await client.gone();
  }

  /**
   * Resolves when the client's connection may close. A client that never stops sending is never idle: its messages
   * in flight are answered, then those that arrived meanwhile. Answers to later ones would come too late.
   */
  async #answered(client: GatewayClient): Promise<void> {
    const { event, crossing } = this.ports.settings;
    if (event === undefined) await client.settled();
    if (event === undefined && crossing === 'handle') return client.settled();
    client.refuse();
    return client.quiet();
  }

  /** An error of a library or a socket must not keep a client from being closed. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failures.push(toError(error));
    }
  }

  async #untilNobodyListens(): Promise<void> {
    const { clock } = this.ports;
    const listeners = [...this.servers.listeners];
    const until = deadlineAfter(clock.now(), LISTENER_LIMIT);
    while (listeners.some(({ listening }) => listening) && clock.now() < until) await pause(10, clock);
    // Needed if HTTP is left to Nest, or is drained in a later phase.
    for (const own of this.servers.own) if (own.listening) stopListening(own);
  }

  #sever(): void {
    this.#severed = this.clients.items;
    for (const client of this.clients.present) this.#attempt(() => client.sever());
  }
}

function oneOf(failures: readonly Error[]): Error {
  const [first] = failures;
  return first !== undefined && failures.length === 1 ? first : new AggregateError(failures);
}
