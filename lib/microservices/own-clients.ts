import { Server, Socket } from 'node:net';
import type { ModulesContainer } from '@nestjs/core';
import { callMember, classNames, isObject, memberOf } from '../nest/members.js';
import { allWrappers } from '../discovery/provider-scan.js';

/** The client class for each of Nest's server classes. */
const CLIENTS: ReadonlyMap<string, string> = new Map([
  ['ServerGrpc', 'ClientGrpcProxy'],
  ['ServerKafka', 'ClientKafka'],
  ['ServerMqtt', 'ClientMqtt'],
  ['ServerNats', 'ClientNats'],
  ['ServerRedis', 'ClientRedis'],
  ['ServerRMQ', 'ClientRMQ'],
  ['ServerTCP', 'ClientTCP'],
]);

/** The base class of Nest's clients. */
const CLIENT = 'ClientProxy';

/** Levels of the search: a provider, its properties, and the elements of collections there. */
const DEPTH = 2;

/** The clients through which an app may call its own servers. */
export interface OwnClients {
  /** Whether a client may connect to the server. */
  mayCall(server: object): boolean;
  /** Whether an accepted socket has its other end in this process. */
  isInside(socket: Socket): boolean;
}

/**
 * Searches for clients among the providers, in their properties (where `@Client()` and most users put them), and in
 * lists and records there. The search runs on each question, because a client may be created at any time.
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

/** The socket inside one of Nest's wrappers. */
export function socketOf(wrapper: unknown): Socket | undefined {
  if (wrapper instanceof Socket || !isObject(wrapper)) return wrapper instanceof Socket ? wrapper : undefined;
  return [memberOf(wrapper, 'netSocket'), memberOf(wrapper, 'socket')].find((each) => each instanceof Socket);
}

function leadsTo(client: object, server: object): boolean {
  const kinds = kindsOf(client);
  const known = kindsOf(server).map((name) => CLIENTS.get(name));
  const wanted = known.find((name) => name !== undefined);
  // The client of a custom strategy is unknown: it may be any that does not belong to one of Nest's transports.
  if (wanted === undefined) return ![...CLIENTS.values()].some((name) => kinds.includes(name));
  if (!kinds.includes(wanted)) return false;
  if (wanted === 'ClientTCP') return String(memberOf(client, 'port')) === String(portOf(server));
  if (wanted !== 'ClientRMQ') return true;
  return memberOf(client, 'queue') === memberOf(server, 'queue') || usesExchange(client);
}

/** A message to an exchange may reach any queue. */
function usesExchange(client: object): boolean {
  const options = memberOf(client, 'options');
  return isObject(options) && Boolean(memberOf(options, 'exchange') ?? memberOf(options, 'wildcards'));
}

function portOf(server: object): unknown {
  const listener = callMember(server, 'unwrap');
  const address = listener instanceof Server ? listener.address() : undefined;
  return isObject(address) ? memberOf(address, 'port') : memberOf(server, 'port');
}

/** A value with what it holds. Below a provider only collections are searched. */
function withValues(value: unknown, depth: number): readonly unknown[] {
  if (!isObject(value)) return [];
  if (depth === 0 || (depth < DEPTH && !isCollection(value))) return [value];
  return [value, ...valuesOf(value).flatMap((each) => withValues(each, depth - 1))];
}

function isCollection(value: object): boolean {
  return Array.isArray(value) || value instanceof Map || (kindsOf(value)[0] ?? 'Object') === 'Object';
}

/** The values that an instance holds, without calling its getters. */
function valuesOf(instance: object): readonly unknown[] {
  try {
    if (instance instanceof Map) return [...instance.values()];
    return Object.values(Object.getOwnPropertyDescriptors(instance)).map(({ value }): unknown => value);
  } catch {
    return [];
  }
}

/** Inspecting a value may throw, as with a strict proxy. */
function kindsOf(instance: object): readonly string[] {
  try {
    return classNames(instance);
  } catch {
    return [];
  }
}
