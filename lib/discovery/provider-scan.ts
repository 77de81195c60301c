import type { ModulesContainer } from '@nestjs/core';
import { classNames, classesOf, isObject } from '../nest/members.js';
import { marksOf, type MarkedClass, type MethodMark } from './method-mark.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
export type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** One instance of a class with decorated methods. */
export interface MarkedInstance {
  readonly type: { readonly name: string };
  readonly marks: readonly MethodMark[];
  /** `undefined` where Nest makes one per request. */
  readonly instance: object | undefined;
  /** Stands for the provider in the injection graph. */
  readonly owner: object;
  readonly token: string;
  readonly module: string;
  readonly stage: Stage;
}

/** One that Nest holds. */
export interface MarkedProvider extends MarkedInstance {
  readonly wrapper: Wrapper;
}

/**
 * Whether Nest has made the providers, or only shows the application in its preview mode, where an object without
 * anything that a constructor would give it stands for each.
 */
export type Stage = 'made' | 'previewed';

/** How a scan sees what Nest holds. */
export interface ProviderSight {
  readonly stage: Stage;
  /** The wrapper that holds the instances of this one: another where it is an alias. */
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

/** Every object that the application holds, once; where Nest makes one per request, the one they are made after. */
export function allInstances(modules: ModulesContainer): readonly object[] {
  const instances = allWrappers(modules).map((wrapper): unknown => wrapper.instance);
  return [...new Set(instances.filter(isObject))];
}

/**
 * Finds the providers, the controllers, and the guards and the like of these that have decorated methods. Each
 * instance is found once, under however many tokens it is known.
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
 * What stands for a wrapper in the injection graph: its instance, since an alias or a factory may make it
 * known under several tokens; the wrapper itself where it has no instance of its own.
 */
export function ownerOf(wrapper: Wrapper): object {
  const instance: unknown = wrapper.instance;
  return !wrapper.isTransient && isInstance(instance) ? instance : wrapper;
}

/** The class of a provider: of the value itself where a factory made it or it was given. */
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

/** Its instances; `undefined` stands for those that Nest makes per request. */
export function instancesOf(wrapper: Wrapper): readonly (object | undefined)[] {
  if (!wrapper.isDependencyTreeStatic()) return [undefined];
  const instances: readonly unknown[] = wrapper.isTransient
    ? wrapper.getStaticTransientInstances().map((host) => host?.instance)
    : [wrapper.instance];
  return instances.filter(isObject);
}

/** How its token reads. */
export function tokenOf({ token, name }: Wrapper): string {
  if (typeof token === 'function') return String(token.name);
  return typeof token === 'symbol' ? (token.description ?? 'Symbol()') : String(token ?? name);
}

/** How a provider is called: by its class, or by its token where its value has none. */
export function providerName(wrapper: Wrapper, instance: object): string {
  return classNames(instance)[0] ?? tokenOf(wrapper);
}

/** A value may be a function, as some clients are. */
function isInstance(value: unknown): value is object {
  return isObject(value) || typeof value === 'function';
}
