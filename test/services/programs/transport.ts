// What the producer and the consumers need to know of a transport.
import type { ClientOptions, MicroserviceOptions } from '@nestjs/microservices';
import type { INestApplication, Type, WebSocketAdapter } from '@nestjs/common';
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

/** What the producer needs of it. */
export interface SendingTransport {
  readonly sender: (kind: Kind, address: Address) => Promise<Sender>;
}

export interface ServiceTransport extends SendingTransport {
  readonly server: (address: Address) => MicroserviceOptions | Promise<MicroserviceOptions>;
  /** The client of Nest, for those who call. */
  readonly client: (address: Address) => ClientOptions;
  /** The class with the handler, which awaits `work` for each number. */
  readonly controller: (kind: Kind, address: Address, work: (n: number) => Promise<void>) => Type;
}

/** Sockets, which a gateway takes messages from. */
export interface SocketTransport extends SendingTransport {
  readonly adapter: (app: INestApplication) => WebSocketAdapter;
}

export async function senderNamed(name: string | undefined): Promise<SendingTransport> {
  const { transport }: { transport: SendingTransport } = await import(`./transports/${name}.js`);
  return transport;
}

export async function socketsNamed(name: string | undefined): Promise<SocketTransport> {
  const { transport }: { transport: SocketTransport } = await import(`./transports/${name}.js`);
  return transport;
}

export async function transportNamed(name: string | undefined): Promise<ServiceTransport> {
  const { transport }: { transport: ServiceTransport } = await import(`./transports/${name}.js`);
  return transport;
}
