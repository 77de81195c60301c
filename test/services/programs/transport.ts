// What the producer and the consumers need to know of a transport.
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Type } from '@nestjs/common';
import type { Observable } from 'rxjs';

export type Kind = 'event' | 'rpc';

/** Where messages go: a topic of the test's own, and a port where the transport has no broker. */
export interface Address {
  readonly topic: string;
  readonly port: number;
  /** The port over which the broker is reached, where it is not its standard one. */
  readonly via?: number;
}

/** The producer's side: sends a number, completes when it has been taken or answered. */
export interface Sender {
  readonly send: (n: number) => Observable<unknown>;
  readonly close: () => unknown;
}

export interface ServiceTransport {
  readonly server: (address: Address) => MicroserviceOptions | Promise<MicroserviceOptions>;
  readonly sender: (kind: Kind, address: Address) => Promise<Sender>;
  /** The class with the handler, which awaits `work` for each number. */
  readonly controller: (kind: Kind, address: Address, work: (n: number) => Promise<void>) => Type;
}

export async function transportNamed(name: string | undefined): Promise<ServiceTransport> {
  const { transport }: { transport: ServiceTransport } = await import(`./transports/${name}.js`);
  return transport;
}
