import type { Notice } from '../logging/notice.js';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';

/** What a transport has taken in and not finished. */
export interface WorkInFlight {
  /** The oldest first. */
  readonly items: readonly InFlightItem[];
  /** Resolves when nothing is in flight and every reply has been handed to the transport. */
  idle(): Promise<void>;
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
  readonly notify: (notice: Notice) => void;
  /** Whether streams of gRPC end as the drain begins, or are waited for. */
  readonly endStreams: boolean;
}
