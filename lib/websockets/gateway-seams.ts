/**
 * What of Nest's gateways no public API reaches. The adapter of the sockets is public, and so is its interface;
 * that Nest asks `ApplicationConfig` for it before it binds the first gateway, what it marks a gateway with, and
 * that it drops what `handleDisconnect` returns is not. All of it is called late-bound on both majors.
 */
import 'reflect-metadata';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { isMethod, isObject, memberOf, missingMembers, replaceMethod } from '../nest/members.js';
import { allWrappers } from '../discovery/provider-scan.js';

/** What `@WebSocketGateway()` leaves on a class. */
export const GATEWAY_MARK = 'websockets:is_gateway';

/** The methods of an adapter by which Nest binds gateways to it: of `WebSocketAdapter`, and so of any adapter. */
export const ADAPTER_MEMBERS = ['bindClientConnect', 'bindMessageHandlers'] as const;

/** What Nest calls of a gateway for a client, without waiting for it. */
const LIFECYCLE = ['handleConnection', 'handleDisconnect'] as const;

/** Sees what goes on between Nest and its gateways. */
export interface GatewayFollower {
  /** The adapter, before it is used. */
  readonly onAdapter: (adapter: object) => void;
  /** A call for a client has returned; answers with what its caller is to have. */
  readonly onLifecycle: (call: {
    readonly method: string;
    readonly socket: unknown;
    readonly proceed: () => unknown;
  }) => unknown;
}

/** Whether the application has gateways. */
export function hasGateways(modules: ModulesContainer): boolean {
  return gatewaysIn(modules).length > 0;
}

/** The adapter as Nest has it, if there is one. */
export function adapterOf(config: ApplicationConfig): object | undefined {
  const adapter: unknown = isMethod(memberOf(config, 'getIoAdapter')) ? config.getIoAdapter() : undefined;
  return isObject(adapter) ? adapter : undefined;
}

/** Follows the gateways of an application that is in the making. */
export function followGateways(
  { modules, config }: { readonly modules: ModulesContainer; readonly config: ApplicationConfig },
  { onAdapter, onLifecycle }: GatewayFollower,
): void {
  const seen = new WeakSet<object>();
  let gateways: 'unfollowed' | 'followed' = 'unfollowed';
  replaceMethod(config, 'getIoAdapter', (original) => () => {
    const adapter = original();
    if (!isObject(adapter)) return adapter;
    if (!seen.has(adapter)) {
      seen.add(adapter);
      onAdapter(adapter);
    }
    // The first who asks is about to bind the first gateway: all providers have been made.
    if (gateways === 'unfollowed') {
      gateways = 'followed';
      for (const gateway of gatewaysIn(modules)) followLifecycle(gateway, onLifecycle);
    }
    return adapter;
  });
}

/** The members of the list that an adapter does not have. */
export function missingIn(adapter: object): readonly string[] {
  return missingMembers(adapter, ADAPTER_MEMBERS);
}

/** The gateways; for one that Nest makes per request the prototype of all of them. */
function gatewaysIn(modules: ModulesContainer): readonly object[] {
  return allWrappers(modules).flatMap((wrapper): readonly object[] => {
    const type: unknown = wrapper.isNotMetatype ? undefined : wrapper.metatype;
    if (typeof type !== 'function' || !Reflect.hasMetadata(GATEWAY_MARK, type)) return [];
    const gateway: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : type.prototype;
    return isObject(gateway) ? [gateway] : [];
  });
}

function followLifecycle(gateway: object, follow: GatewayFollower['onLifecycle']): void {
  for (const method of LIFECYCLE) {
    const original: unknown = Reflect.get(gateway, method);
    if (!isMethod(original)) continue;
    Object.defineProperty(gateway, method, {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: readonly unknown[]): unknown {
        return follow({ method, socket: args[0], proceed: () => Reflect.apply(original, this, args) });
      },
    });
  }
}
