import type { Notify } from '../notice.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import type { AnsweringStreams } from './answering-streams.js';
import type { OwnClients } from './own-clients.js';

/** What a transport has taken in and not finished. */
export interface WorkInFlight {
  /** The oldest first. */
  readonly items: readonly InFlightItem[];
  /** Resolves when nothing is in flight and every reply has been handed to the transport. */
  idle(): Promise<void>;
  /** Resolves when all that is in flight at this moment has ended, whatever comes meanwhile. */
  settled(): Promise<void>;
}

/**
 * How one server of a transport is drained. Nest closes it later, as it always does: here the connection stays
 * open, so that what is in flight can be answered.
 */
export interface TransportDrain {
  /** The transport and where it takes its work from, such as `RabbitMQ orders`. */
  readonly name: string;
  readonly work: WorkInFlight;
  /** The members of the server that it relies on. Where one is missing, the user is told. */
  readonly seams: readonly string[];
  /**
   * Takes no new work from outside, while callers in the process are still served: where the protocol can tell
   * them apart. `stop()` follows when the last of these has ended.
   */
  leave?(): void;
  /** Takes no new work from now on, also after a reconnect. */
  stop(): void | Promise<void>;
  /** Resolves when the replies of finished work have left the process. */
  flush?(): Promise<void>;
  /** Parts with the peers that are still connected, once nothing is in flight. */
  finish?(): void | Promise<void>;
  /** Cuts what is left when the time is over. */
  close?(): void;
}

/** What a transport needs to be drained. */
export interface TransportPorts {
  readonly clock: Clock;
  readonly notify: Notify;
  /** The streams that its calls are answered with. */
  readonly answers: AnsweringStreams;
  /** The clients by which the application may call its own servers. */
  readonly clients: OwnClients;
}
