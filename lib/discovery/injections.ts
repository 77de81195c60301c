import type { ModulesContainer } from '@nestjs/core';
import type { Injections } from '../plan/injection-graph.js';
import { ownerOf, wrappersOf, type Wrapper } from './provider-scan.js';

/**
 * Who injects whom, as Nest resolved it: by constructor, property, `inject` of a factory, `useExisting`,
 * across modules, and for controllers their guards, interceptors and pipes.
 *
 * Not to be seen are `moduleRef.get()`, what a `useValue` object refers to, and what is made later:
 * for these a handler names its order with `after`.
 */
export function readInjections(modules: ModulesContainer): Injections {
  const injections = new Map<object, object[]>();
  for (const { wrapper } of wrappersOf(modules)) {
    const injected = injectedBy(wrapper);
    if (injected.length === 0) continue;
    const owner = ownerOf(wrapper);
    const known = injections.get(owner) ?? [];
    for (const each of injected) {
      const target = ownerOf(aliased(each));
      if (target !== owner) known.push(target);
    }
    injections.set(owner, known);
  }
  return injections;
}

function injectedBy(wrapper: Wrapper): readonly Wrapper[] {
  const all: readonly (Wrapper | undefined)[] = [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ];
  // Sparse where an optional dependency is missing.
  return all.filter((each) => each !== undefined);
}

function aliased(wrapper: Wrapper): Wrapper {
  let target = wrapper;
  for (let next = target; target.isAlias; target = next) {
    next = target.getCtorMetadata()?.[0] ?? target;
    if (next === target) break;
  }
  return target;
}
