import { Server, Socket } from 'node:net';
import type { ModulesContainer } from '@nestjs/core';
import { callMember, classNames, isObject, memberOf } from '../nest/members.js';
import { allWrappers } from '../discovery/provider-scan.js';

/** The client of each server of Nest. */
const CLIENTS: ReadonlyMap<string, string> = new Map([
  ['ServerGrpc', 'ClientGrpcProxy'],
  ['ServerKafka', 'ClientKafka'],
  ['ServerMqtt', 'ClientMqtt'],
  ['ServerNats', 'ClientNats'],
  ['ServerRedis', 'ClientRedis'],
  ['ServerRMQ', 'ClientRMQ'],
  ['ServerTCP', 'ClientTCP'],
]);

/** The class that all clients of Nest are made of. */
const CLIENT = 'ClientProxy';

/** How deep they are looked for: a provider, its properties, and what is in a collection there. */
const DEPTH = 2;

/** The clients by which an application may call its own servers. */
export interface OwnClients {
  /** Whether there is a client that may lead back to the server. */
  mayCall(server: object): boolean;
  /** Whether the socket, which a server has accepted, has its other end in this process. */
  isInside(socket: Socket): boolean;
}

/**
 * Looks for the clients among the providers, in their properties, where `@Client()` and most users put them, and in
 * lists and records of these. They
 * are looked for when they are asked about, since one may be made at any time.
 */
export function clientsIn(modules: ModulesContainer): OwnClients {
  const clients = (): readonly object[] => {
    const instances = allWrappers(modules).flatMap(({ instance }) => withValues(instance, DEPTH));
    return [...new Set(instances.filter(isObject))].filter((each) => kindsOf(each).includes(CLIENT));
  };
  return {
    mayCall: (server) => clients().some((client) => leadsTo(client, server)),
    isInside: (socket) =>
      socket.remoteAddress === socket.localAddress &&
      clients().some((client) => socketOf(memberOf(client, 'socket'))?.localPort === socket.remotePort),
  };
}

/** The socket below one of Nest's own, which wraps it. */
export function socketOf(wrapper: unknown): Socket | undefined {
  if (wrapper instanceof Socket || !isObject(wrapper)) return wrapper instanceof Socket ? wrapper : undefined;
  return [memberOf(wrapper, 'netSocket'), memberOf(wrapper, 'socket')].find((each) => each instanceof Socket);
}

function leadsTo(client: object, server: object): boolean {
  const kinds = kindsOf(client);
  const known = kindsOf(server).map((name) => CLIENTS.get(name));
  const wanted = known.find((name) => name !== undefined);
  // A strategy of the user has a client that we do not know, as any that is of no transport of Nest may be.
  if (wanted === undefined) return ![...CLIENTS.values()].some((name) => kinds.includes(name));
  if (!kinds.includes(wanted)) return false;
  if (wanted === 'ClientTCP') return String(memberOf(client, 'port')) === String(portOf(server));
  if (wanted !== 'ClientRMQ') return true;
  return memberOf(client, 'queue') === memberOf(server, 'queue') || usesExchange(client);
}

/** What is sent to an exchange may come to any queue. */
function usesExchange(client: object): boolean {
  const options = memberOf(client, 'options');
  return isObject(options) && Boolean(memberOf(options, 'exchange') ?? memberOf(options, 'wildcards'));
}

function portOf(server: object): unknown {
  const listener = callMember(server, 'unwrap');
  const address = listener instanceof Server ? listener.address() : undefined;
  return isObject(address) ? memberOf(address, 'port') : memberOf(server, 'port');
}

/** A value with what it holds; of the values of an instance, only collections are looked into. */
function withValues(value: unknown, depth: number): readonly unknown[] {
  if (!isObject(value)) return [];
  if (depth === 0 || (depth < DEPTH && !isCollection(value))) return [value];
  return [value, ...valuesOf(value).flatMap((each) => withValues(each, depth - 1))];
}

function isCollection(value: object): boolean {
  return Array.isArray(value) || value instanceof Map || (kindsOf(value)[0] ?? 'Object') === 'Object';
}

/** What an instance holds, without calling any getter of it. */
function valuesOf(instance: object): readonly unknown[] {
  try {
    if (instance instanceof Map) return [...instance.values()];
    return Object.values(Object.getOwnPropertyDescriptors(instance)).map(({ value }): unknown => value);
  } catch {
    return [];
  }
}

/** A value may refuse to say what it is: a proxy that throws at whoever asks it. */
function kindsOf(instance: object): readonly string[] {
  try {
    return classNames(instance);
  } catch {
    return [];
  }
}
