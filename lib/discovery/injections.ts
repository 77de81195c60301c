import type { Injections } from '../plan/injection-graph.js';
import { ownerOf, type Wrapper } from './provider-scan.js';

/**
 * Who injects whom, as Nest resolved it, from some providers down: by constructor, property, `inject` of a
 * factory, `useExisting`, across modules, and for controllers their guards, interceptors and pipes.
 *
 * Not to be seen are `moduleRef.get()`, what a `useValue` object refers to, and what is made later:
 * for these a handler names its order with `after`.
 */
export function readInjections(from: Iterable<Wrapper>): Injections {
  const injections = new Map<object, object[]>();
  const open = [...from];
  const seen = new Set(open);
  for (let wrapper = open.pop(); wrapper !== undefined; wrapper = open.pop()) {
    const owner = ownerOf(wrapper);
    const injected = injections.get(owner) ?? [];
    injections.set(owner, injected);
    for (const target of injectedBy(wrapper)) {
      if (ownerOf(target) !== owner) injected.push(ownerOf(target));
      if (seen.has(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return injections;
}

/** What a provider injects itself, with aliases followed to what they stand for. */
export function injectedBy(wrapper: Wrapper): readonly Wrapper[] {
  const all: readonly (Wrapper | undefined)[] = [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ];
  // Sparse where an optional dependency is missing.
  return all.filter((each) => each !== undefined).map(aliased);
}

/** The wrapper that an alias stands for, through any number of aliases. */
export function aliased(wrapper: Wrapper): Wrapper {
  let target = wrapper;
  for (let next = target; target.isAlias; target = next) {
    next = target.getCtorMetadata()?.[0] ?? target;
    if (next === target) break;
  }
  return target;
}
