/**
 * The parts of Nest's gateways that no public API reaches. The adapter and its interface are public. That Nest
 * calls `ApplicationConfig.getIoAdapter()` before it binds the first gateway, its metadata on gateways, and that it
 * drops the promise of `handleDisconnect` are not. Nest 11 and 12 look all of these members up at each call.
 */
import 'reflect-metadata';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { isMethod, isObject, memberOf, missingMembers, replaceMethod } from '../nest/members.js';
import { allWrappers } from '../discovery/provider-scan.js';

/** The metadata key of `@WebSocketGateway()`. */
export const GATEWAY_MARK = 'websockets:is_gateway';

/** The methods of `WebSocketAdapter` with which Nest binds gateways. */
export const ADAPTER_MEMBERS = ['bindClientConnect', 'bindMessageHandlers'] as const;

/** The methods of a gateway that Nest calls for a client without awaiting them. */
const LIFECYCLE = ['handleConnection', 'handleDisconnect'] as const;

/** Observes what happens between Nest and its gateways. */
export interface GatewayFollower {
  /** Called with the adapter before Nest uses it. */
  readonly onAdapter: (adapter: object) => void;
  /** Called in place of a lifecycle method. Returns the result for the caller. */
  readonly onLifecycle: (call: {
    readonly method: string;
    readonly socket: unknown;
    readonly proceed: () => unknown;
  }) => unknown;
}

export function hasGateways(modules: ModulesContainer): boolean {
  return gatewaysIn(modules).length > 0;
}

/** The adapter that Nest has, if any. */
export function adapterOf(config: ApplicationConfig): object | undefined {
  const adapter: unknown = isMethod(memberOf(config, 'getIoAdapter')) ? config.getIoAdapter() : undefined;
  return isObject(adapter) ? adapter : undefined;
}

/** Follows the gateways of an app that Nest is still creating. */
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
    // The first caller is about to bind the first gateway, so all providers exist.
    if (gateways === 'unfollowed') {
      gateways = 'followed';
      for (const gateway of gatewaysIn(modules)) followLifecycle(gateway, onLifecycle);
    }
    return adapter;
  });
}

/** The members that an adapter lacks. */
export function missingIn(adapter: object): readonly string[] {
  return missingMembers(adapter, ADAPTER_MEMBERS);
}

/** The gateways; for a request-scoped gateway, the prototype of its instances. */
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
