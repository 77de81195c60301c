import 'reflect-metadata';
import { types } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import { isMethod, isObject, type Method } from '../nest/members.js';
import { CURRENT } from './messages.js';

/** What `@MessagePattern()`, `@EventPattern()` and the decorators of gRPC leave on a method. */
export const PATTERN_MARK = 'microservices:pattern';

/** On a method that is followed: two applications may share a class. */
const FOLLOWED = Symbol.for('nestjs-phased-shutdown.followed-handler');

/**
 * Counts the methods that handle messages as parts of their message, until their promise settles. What Nest makes of
 * a method may end before it: an interceptor answers early, or two handlers of one event are joined and the other
 * fails. The method itself goes on, and uses what closes next.
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
  // What decorators wrote on the method has to be found on what stands in its place.
  for (const key of Reflect.getMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), value);
  }
  for (const key of ['name', 'length']) {
    Object.defineProperty(value, key, { configurable: true, value: Reflect.get(method, key) });
  }
  Object.defineProperty(value, FOLLOWED, { value: true });
  return value;
}
