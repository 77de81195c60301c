import type { ModulesContainer } from '@nestjs/core';
import { aliased, injectedBy } from './injections.js';
import type { MarkedClass } from './method-mark.js';
import { allWrappers, instancesOf, typeOf, type ProviderSight, type Wrapper } from './provider-scan.js';

/**
 * Sees the providers of an application in Nest's preview mode, where no constructor and no factory has run. For a
 * class, Nest holds an object with its prototype, which has the methods. A `useValue` is available as usual. For a
 * factory, only its token is known.
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

/** Factories whose result is unknown: it may have handlers, if there is one result for the whole application. */
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

/** The result of a factory is most likely an instance of the class that is its token. */
function previewedType(wrapper: Wrapper): MarkedClass | undefined {
  const { token } = wrapper;
  if (!isUnmade(wrapper)) return typeOf(wrapper);
  return typeof token === 'function' ? token : undefined;
}

function isUnmade(wrapper: Wrapper): boolean {
  return wrapper.isFactory && (wrapper.instance === null || wrapper.instance === undefined);
}

/** A transient provider has one instance per injecting provider. */
function injectorsOf(wrapper: Wrapper, all: readonly Wrapper[]): readonly Wrapper[] {
  return all.filter((each) => injectedBy(each).some((injected) => aliased(injected) === wrapper));
}

function objectOf(type: MarkedClass | undefined): object {
  const prototype: unknown = type === undefined ? undefined : Reflect.get(type, 'prototype');
  return Object.create(typeof prototype === 'object' ? prototype : null);
}
