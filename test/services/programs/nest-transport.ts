// The transports that have a client of Nest's own and take any pattern.
import { Controller, type Type } from '@nestjs/common';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  type ClientOptions,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import type { Address, Kind, Sender, ServiceTransport } from './transport.js';

interface Parts {
  readonly server: (address: Address) => MicroserviceOptions;
  readonly client: (address: Address) => ClientOptions;
  /** The pattern of the handler where it is not the topic itself, such as that of a shared subscription. */
  readonly subscription?: (topic: string) => string;
  /** What is sent, where it needs more than the data. */
  readonly record?: (data: { readonly n: number }) => unknown;
  /** Called with the context of the transport when the work is done. */
  readonly acknowledge?: (context: unknown) => void;
}

export function nestTransport({
  server,
  client,
  subscription = (topic) => topic,
  record = (data) => data,
  acknowledge,
}: Parts): ServiceTransport {
  return {
    server,
    client,
    controller: (kind, { topic }, work) => controllerOf(kind, subscription(topic), { work, acknowledge }),
    sender: (kind, address) =>
      senderOf({ kind, pattern: address.topic, record }, ClientProxyFactory.create(client(address))),
  };
}

function controllerOf(
  kind: Kind,
  pattern: string,
  { work, acknowledge }: { work: (n: number) => Promise<void>; acknowledge: Parts['acknowledge'] },
): Type {
  class WorkController {
    async work({ n }: { n: number }, context: unknown): Promise<{ n: number }> {
      await work(n);
      acknowledge?.(context);
      return { n };
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(WorkController.prototype, 'work') ?? {};
  const decorate = kind === 'event' ? EventPattern(pattern) : MessagePattern(pattern);
  decorate(WorkController.prototype, 'work', descriptor);
  Payload()(WorkController.prototype, 'work', 0);
  Ctx()(WorkController.prototype, 'work', 1);
  Controller()(WorkController);
  return WorkController;
}

async function senderOf(
  { kind, pattern, record }: { kind: Kind; pattern: string; record: (data: { n: number }) => unknown },
  client: ClientProxy,
): Promise<Sender> {
  await client.connect();
  return {
    send: (n) =>
      kind === 'event' ? client.emit(pattern, record({ n })) : client.send(pattern, record({ n })),
    close: () => client.close(),
  };
}
