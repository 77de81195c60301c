import type { ModulesContainer } from '@nestjs/core';
import { aliased, injectedBy } from './injections.js';
import type { MarkedClass } from './method-mark.js';
import { allWrappers, instancesOf, typeOf, type ProviderSight, type Wrapper } from './provider-scan.js';

/**
 * Sees the providers of an application that Nest shows in its preview mode: no constructor and no factory has been
 * called. For a class Nest holds an object of its prototype, on which the methods are; a value is there as ever; of
 * what a factory would make, its token is all that is known.
 */
export function previewSight(modules: ModulesContainer): ProviderSight {
  const all = allWrappers(modules);
  return {
    stage: 'previewed',
    holderOf: aliased,
    typeOf: previewedType,
    instancesOf: (wrapper) => {
      if (!wrapper.isDependencyTreeStatic()) return [undefined];
      const type = previewedType(wrapper);
      if (wrapper.isTransient) return Array.from(injectorsOf(wrapper, all), () => objectOf(type));
      return isUnmade(wrapper) ? [objectOf(type)] : instancesOf(wrapper);
    },
  };
}

/** The factories of which nothing is known: what they would make once for the application may have handlers. */
export function unknownFactories(modules: ModulesContainer): readonly Wrapper[] {
  return allWrappers(modules).filter(
    (wrapper) =>
      isUnmade(wrapper) &&
      !wrapper.isAlias &&
      !wrapper.isTransient &&
      wrapper.isDependencyTreeStatic() &&
      previewedType(wrapper) === undefined,
  );
}

/** What a factory makes is most likely of the class that is its token. */
function previewedType(wrapper: Wrapper): MarkedClass | undefined {
  const { token } = wrapper;
  if (!isUnmade(wrapper)) return typeOf(wrapper);
  return typeof token === 'function' ? token : undefined;
}

function isUnmade(wrapper: Wrapper): boolean {
  return wrapper.isFactory && (wrapper.instance === null || wrapper.instance === undefined);
}

/** Of a transient provider there is one instance for each that injects it. */
function injectorsOf(wrapper: Wrapper, all: readonly Wrapper[]): readonly Wrapper[] {
  return all.filter((each) => injectedBy(each).some((injected) => aliased(injected) === wrapper));
}

function objectOf(type: MarkedClass | undefined): object {
  const prototype: unknown = type === undefined ? undefined : Reflect.get(type, 'prototype');
  return Object.create(typeof prototype === 'object' ? prototype : null);
}
