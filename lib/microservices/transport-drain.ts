import type { Notify } from '../notice.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import type { AnsweringStreams } from './answering-streams.js';
import type { OwnClients } from './own-clients.js';

/** The messages that a transport has taken and not finished. */
export interface WorkInFlight {
  /** Oldest first. */
  readonly items: readonly InFlightItem[];
  /** Resolves when nothing is in flight and every reply has been passed to the transport. */
  idle(): Promise<void>;
  /** Resolves when everything in flight now has ended. Messages that arrive meanwhile do not count. */
  settled(): Promise<void>;
}

/**
 * How a server of one transport is drained. Nest closes it later. Until then the connection stays open, so that
 * work in flight can be answered.
 */
export interface TransportDrain {
  /** The transport and the source of its messages, such as `RabbitMQ orders`. */
  readonly name: string;
  readonly work: WorkInFlight;
  /** The members of the server that the drain needs. A missing one is logged. */
  readonly seams: readonly string[];
  /**
   * Stops taking work from outside, but still serves callers in the process, if the protocol can tell them apart.
   * `stop()` follows after the last of these has ended.
   */
  leave?(): void;
  /** Stops taking work, also after a reconnect. */
  stop(): void | Promise<void>;
  /** Resolves when the replies to finished work have left the process. */
  flush?(): Promise<void>;
  /** Ends the connections of peers once nothing is in flight. */
  finish?(): void | Promise<void>;
  /** Cuts what is left at the deadline. */
  close?(): void;
}

export interface TransportPorts {
  readonly clock: Clock;
  readonly notify: Notify;
  /** The streams that calls are answered with. */
  readonly answers: AnsweringStreams;
  /** The clients through which the app may call its own servers. */
  readonly clients: OwnClients;
}
