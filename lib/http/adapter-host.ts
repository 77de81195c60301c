import type { HttpAdapterHost } from '@nestjs/core';
import { callMember, isObject, memberOf } from '../nest/members.js';

/** The server of the app, if it has one. Under Bun, or below an adapter of its own, it is not a server of Node. */
export function serverOf(host: HttpAdapterHost | undefined): object | undefined {
  const server: unknown = host?.httpAdapter?.getHttpServer();
  return isObject(server) ? server : undefined;
}

/** What the adapter has its requests handled by: the application of Express, the instance of Fastify. */
export function frameworkOf(adapter: object): unknown {
  const getInstance = memberOf(adapter, 'getInstance');
  return typeof getInstance === 'function' ? callMember(adapter, 'getInstance') : undefined;
}

/**
 * Calls back with the current adapter, and with each later one, such as that of a testing module: before any route is
 * put on it.
 */
export function eachAdapter(host: HttpAdapterHost, follow: (adapter: object) => void): void {
  let current: typeof host.httpAdapter | undefined = host.httpAdapter;
  if (isObject(current)) follow(current);
  const prototype: object = Object.getPrototypeOf(host);
  const native = Object.getOwnPropertyDescriptor(prototype, 'httpAdapter');
  if (native?.set === undefined) return;
  const set = native.set;
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    get: () => current,
    set(this: HttpAdapterHost, adapter: typeof host.httpAdapter) {
      Reflect.apply(set, this, [adapter]);
      if (adapter === current) return;
      current = adapter;
      if (isObject(adapter)) follow(adapter);
    },
  });
}
