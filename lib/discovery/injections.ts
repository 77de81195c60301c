import type { Injections } from '../plan/injection-graph.js';
import { ownerOf, type Wrapper } from './provider-scan.js';

/**
 * Reads what injects what, as Nest resolved it, starting from some providers and following their dependencies:
 * constructor and property injection, `inject` of factories, `useExisting`, across modules, and the guards,
 * interceptors and pipes of controllers.
 *
 * Not visible: `moduleRef.get()`, objects referenced by a `useValue`, and instances created later. Handlers that
 * depend on these declare their order with `after`.
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

/** The direct injections of a provider, with aliases resolved. */
export function injectedBy(wrapper: Wrapper): readonly Wrapper[] {
  const all: readonly (Wrapper | undefined)[] = [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ];
  // Missing optional dependencies leave holes in the array.
  return all.filter((each) => each !== undefined).map(aliased);
}

/** Resolves a chain of aliases to the wrapper at its end. */
export function aliased(wrapper: Wrapper): Wrapper {
  let target = wrapper;
  for (let next = target; target.isAlias; target = next) {
    next = target.getCtorMetadata()?.[0] ?? target;
    if (next === target) break;
  }
  return target;
}
