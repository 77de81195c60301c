import type { ModulesContainer } from '@nestjs/core';
import { marksOf, type MethodMark } from './method-mark.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** One instance of a class with decorated methods, as Nest holds it. */
export interface MarkedProvider {
  readonly type: { readonly name: string };
  readonly marks: readonly MethodMark[];
  /** `undefined` where Nest makes one per request. */
  readonly instance: object | undefined;
  /** Stands for the provider in the injection graph. */
  readonly owner: object;
  readonly token: string;
  readonly module: string;
}

/** Every wrapper of the application: providers, controllers, and the guards and the like of controllers. */
export function* wrappersOf(
  modules: ModulesContainer,
): Generator<{ readonly wrapper: Wrapper; readonly module: string }> {
  for (const module of modules.values()) {
    for (const wrappers of [module.providers, module.controllers, module.injectables]) {
      for (const wrapper of wrappers.values()) yield { wrapper, module: module.name };
    }
  }
}

/** Finds the decorated providers. Each instance is found once, under however many tokens it is known. */
export function scanProviders(modules: ModulesContainer): readonly MarkedProvider[] {
  const found: MarkedProvider[] = [];
  const seen = new Set<object>();
  for (const { wrapper, module } of wrappersOf(modules)) {
    const type = typeOf(wrapper);
    if (type === undefined) continue;
    const marks = marksOf(type);
    if (marks.length === 0) continue;
    const owner = ownerOf(wrapper);
    for (const instance of instancesOf(wrapper)) {
      if (seen.has(instance ?? wrapper)) continue;
      seen.add(instance ?? wrapper);
      found.push({ type, marks, instance, owner, token: tokenOf(wrapper), module });
    }
  }
  return found;
}

/**
 * What stands for a wrapper in the injection graph: its instance, since an alias or a factory may make it
 * known under several tokens; the wrapper itself where it has no instance of its own.
 */
export function ownerOf(wrapper: Wrapper): object {
  const instance: unknown = wrapper.instance;
  return !wrapper.isTransient && isObject(instance) ? instance : wrapper;
}

/** The class of a provider: of the value itself where a factory made it or it was given. */
function typeOf(wrapper: Wrapper): (object & { readonly name: string }) | undefined {
  const instance: unknown = wrapper.instance;
  const prototype: unknown = isObject(instance) ? Object.getPrototypeOf(instance) : undefined;
  const type: unknown = isObject(prototype) ? prototype.constructor : wrapper.metatype;
  return typeof type === 'function' ? type : undefined;
}

function instancesOf(wrapper: Wrapper): readonly (object | undefined)[] {
  if (!wrapper.isDependencyTreeStatic()) return [undefined];
  const instances: readonly unknown[] = wrapper.isTransient
    ? wrapper.getStaticTransientInstances().map((host) => host?.instance)
    : [wrapper.instance];
  return instances.filter(isObject);
}

function tokenOf({ token, name }: Wrapper): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? 'Symbol()') : String(token ?? name);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
