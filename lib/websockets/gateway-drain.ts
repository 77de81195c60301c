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

/** How long we wait until nobody listens any more; HttpDrain closes the listeners within a few turns. */
const LISTENER_LIMIT = 300;
/** How long a client is given to stop sending, when it has been told. */
const NOTICE = 100;
/** How long we wait for a moment in which nothing goes on for a client, before nothing is started any more. */
const QUIET_LIMIT = 1_000;
/** How long a client may take to close its side. */
const CLOSE_LIMIT = 2_000;
/** How long the last client of the window may take to go. */
const FAREWELL = NOTICE + QUIET_LIMIT + CLOSE_LIMIT;

/** The servers that the clients come from. */
export interface GatewayServers {
  /** Those that gateways are bound to. */
  readonly bound: Iterable<object>;
  /** Those underneath that listen: of the application, and of gateways with a port of their own. */
  readonly listeners: Iterable<Server>;
  readonly own: Iterable<Server>;
}

/** How the clients go: in turns and with time to leave, or all at once where nobody outside waits. */
type Pace = 'in turns' | 'at once';

/** Sends the clients away: doors closed first, then one after the other, each when it has been answered. */
export class GatewayDrain {
  readonly #failures: Error[] = [];
  #severed: readonly InFlightItem[] | undefined;
  #status: 'serving' | 'draining' = 'serving';

  constructor(
    private readonly clients: GatewayClients,
    private readonly servers: GatewayServers,
    private readonly ports: { readonly settings: GatewaySettings; readonly clock: Clock },
  ) {}

  /** What goes on for the clients; once the time is over, what was cut. */
  get items(): readonly InFlightItem[] {
    return this.#severed ?? this.clients.items;
  }

  /** Takes in that a cleanup of the application failed; `'not ours'` outside the drain. */
  failed(error: unknown): 'told' | 'not ours' {
    if (this.#status === 'serving') return 'not ours';
    this.#failures.push(toError(error));
    return 'told';
  }

  async run({ reason, signal, deadline }: ShutdownContext): Promise<void> {
    this.#status = 'draining';
    signal.addEventListener('abort', () => this.#sever(), { once: true });
    const parted: Promise<void>[] = [];
    for (const server of this.servers.bound) refuseClients(server);
    this.clients.closeDoors((client) => parted.push(this.#part(client, 'at once')));
    // Whoever is sent away earlier comes back to us.
    await this.#untilNobodyListens();
    const pace = isFromOutside(reason) ? 'in turns' : 'at once';
    const left = millisecondsUntil(deadline, this.ports.clock);
    const { mode, window } = this.ports.settings;
    if (mode === 'finish' && pace === 'in turns') {
      const { waitMs } = divideDrain(left, window + FAREWELL);
      await within(this.clients.empty(), { ms: waitMs, clock: this.ports.clock });
    }
    parted.push(...this.#sendAway(pace, deadline));
    // More come while it waits.
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
    // What cannot be sent may be an object that holds itself.
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
   * Resolves when a client may be told to leave. One that never stops sending is never quiet: what is in flight is
   * answered, then what has come meanwhile; of what comes after that the answers would come too late.
   */
  async #answered(client: GatewayClient): Promise<void> {
    const { event, crossing } = this.ports.settings;
    if (event === undefined) await client.settled();
    if (event === undefined && crossing === 'handle') return client.settled();
    client.refuse();
    return client.quiet();
  }

  /** What a library or a socket throws must not keep a client from being sent away. */
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
    // Where HTTP is left to Nest, or drained in a later phase.
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
