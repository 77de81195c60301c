import type { ModulesContainer } from '@nestjs/core';
import { classNames, classesOf, isObject } from '../nest/members.js';
import { marksOf, type MarkedClass, type MethodMark } from './method-mark.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** One instance of a class with decorated methods. */
export interface MarkedInstance {
  readonly type: { readonly name: string };
  readonly marks: readonly MethodMark[];
  /** `undefined` if Nest creates one instance per request. */
  readonly instance: object | undefined;
  /** Identifies the provider in the injection graph. */
  readonly owner: object;
  readonly token: string;
  readonly module: string;
  readonly stage: Stage;
}

/** A marked instance that Nest holds. */
export interface MarkedProvider extends MarkedInstance {
  readonly wrapper: Wrapper;
}

/**
 * Whether Nest has created the providers, or shows them in preview mode: an object with the prototype, but without
 * anything its constructor would set.
 */
export type Stage = 'made' | 'previewed';

/** How a scan reads what Nest holds. */
export interface ProviderSight {
  readonly stage: Stage;
  /** The wrapper that holds the instances; another one if this wrapper is an alias. */
  readonly holderOf: (wrapper: Wrapper) => Wrapper;
  readonly typeOf: (wrapper: Wrapper) => MarkedClass | undefined;
  readonly instancesOf: (wrapper: Wrapper) => readonly (object | undefined)[];
}

const MADE: ProviderSight = { stage: 'made', holderOf: (wrapper) => wrapper, typeOf, instancesOf };

/** Every wrapper of the application. */
export function allWrappers(modules: ModulesContainer): readonly Wrapper[] {
  return [...modules.values()].flatMap(({ providers, controllers, injectables }) => [
    ...providers.values(),
    ...controllers.values(),
    ...injectables.values(),
  ]);
}

/** Every object the application holds, once. For request-scoped providers, the prototype object that Nest keeps. */
export function allInstances(modules: ModulesContainer): readonly object[] {
  const instances = allWrappers(modules).map((wrapper): unknown => wrapper.instance);
  return [...new Set(instances.filter(isObject))];
}

/**
 * Finds the providers, controllers, guards, interceptors and pipes with decorated methods. Each instance is found
 * once, even if it has several tokens.
 */
export function scanProviders(
  modules: ModulesContainer,
  sight: ProviderSight = MADE,
): readonly MarkedProvider[] {
  const { stage } = sight;
  const found: MarkedProvider[] = [];
  const seen = new Set<object>();
  for (const module of modules.values()) {
    for (const wrappers of [module.providers, module.controllers, module.injectables]) {
      for (const each of wrappers.values()) {
        const wrapper = sight.holderOf(each);
        const type = sight.typeOf(wrapper);
        if (type === undefined) continue;
        const marks = marksOf(type);
        if (marks.length === 0) continue;
        const token = tokenOf(each);
        const owner = ownerOf(wrapper);
        for (const instance of sight.instancesOf(wrapper)) {
          if (seen.has(instance ?? wrapper)) continue;
          seen.add(instance ?? wrapper);
          found.push({ type, marks, instance, owner, wrapper, token, module: module.name, stage });
        }
      }
    }
  }
  return found;
}

/**
 * Identifies a wrapper in the injection graph: by its instance, because an alias or a factory may make the instance
 * available under several tokens; by the wrapper itself if it has no single instance.
 */
export function ownerOf(wrapper: Wrapper): object {
  const instance: unknown = wrapper.instance;
  return !wrapper.isTransient && isInstance(instance) ? instance : wrapper;
}

/** The class of a provider; for a factory or a value, the class of the value itself. */
export function typeOf(wrapper: Wrapper): MarkedClass | undefined {
  const type: unknown = wrapper.isNotMetatype ? classOf(wrapper.instance) : wrapper.metatype;
  return isClass(type) ? type : undefined;
}

function classOf(instance: unknown): unknown {
  return isObject(instance) ? classesOf(instance)[0] : undefined;
}

export function isClass(value: unknown): value is MarkedClass {
  return typeof value === 'function';
}

/** The instances of a wrapper; `undefined` stands for request-scoped ones. */
export function instancesOf(wrapper: Wrapper): readonly (object | undefined)[] {
  if (!wrapper.isDependencyTreeStatic()) return [undefined];
  const instances: readonly unknown[] = wrapper.isTransient
    ? wrapper.getStaticTransientInstances().map((host) => host?.instance)
    : [wrapper.instance];
  return instances.filter(isObject);
}

/** The readable form of a token. */
export function tokenOf({ token, name }: Wrapper): string {
  if (typeof token === 'function') return String(token.name);
  return typeof token === 'symbol' ? (token.description ?? 'Symbol()') : String(token ?? name);
}

/** The readable name of a provider: its class, or its token if its value has no class. */
export function providerName(wrapper: Wrapper, instance: object): string {
  return classNames(instance)[0] ?? tokenOf(wrapper);
}

/** A value may be a function, as some clients are. */
function isInstance(value: unknown): value is object {
  return isObject(value) || typeof value === 'function';
}
