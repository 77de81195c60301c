import 'reflect-metadata';
import { types } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import { isMethod, isObject, type Method } from '../nest/members.js';
import { CURRENT } from './messages.js';

/** The metadata key of `@MessagePattern()`, `@EventPattern()` and the gRPC decorators. */
export const PATTERN_MARK = 'microservices:pattern';

/** Marks a wrapped method: two apps may share a class. */
const FOLLOWED = Symbol.for('nestjs-phased-shutdown.followed-handler');

/**
 * Counts the methods of message handlers as part of their message, until their promise settles. Nest's own handler
 * can end earlier: an interceptor answers early, or one of two handlers for the same event fails. The method still
 * runs, and uses resources that close next.
 */
export function followHandlerMethods(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    for (const { metatype } of module.controllers.values()) {
      const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
      // A handler may be inherited.
      for (let level = prototype; isObject(level); level = Object.getPrototypeOf(level)) followIn(level);
    }
  }
}

function followIn(prototype: object): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = descriptor.value;
    if (!isMethod(method) || !Reflect.hasMetadata(PATTERN_MARK, method) || FOLLOWED in method) continue;
    Reflect.defineProperty(prototype, name, { ...descriptor, value: followed(method) });
  }
}

function followed(method: Method): Method {
  const value = function (this: unknown, ...args: readonly unknown[]): unknown {
    const result = Reflect.apply(method, this, args);
    if (types.isPromise(result)) {
      const end = CURRENT.getStore()?.begin();
      if (end !== undefined) result.then(end, end);
    }
    return result;
  };
  // Metadata that decorators wrote on the method must be found on its replacement.
  for (const key of Reflect.getMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), value);
  }
  for (const key of ['name', 'length']) {
    Object.defineProperty(value, key, { configurable: true, value: Reflect.get(method, key) });
  }
  Object.defineProperty(value, FOLLOWED, { value: true });
  return value;
}
