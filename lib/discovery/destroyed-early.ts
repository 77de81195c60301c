import { InjectionGraph } from '../plan/injection-graph.js';
import { readInjections } from './injections.js';
import { hasMethod, isObject } from '../nest/members.js';
import { ownerOf, providerName, type MarkedProvider, type Wrapper } from './provider-scan.js';

/** A provider that Nest destroys before the phases run, and a handler whose provider injects it. */
export interface DestroyedEarly {
  readonly provider: string;
  /** For example `OrdersOutbox.publishRest`. */
  readonly handler: string;
}

/**
 * Finds providers with an `onModuleDestroy` that the providers of handlers inject, directly or indirectly. Lists each
 * once, with the first handler. This matters if the phases run after Nest's `onModuleDestroy` hooks.
 */
export function findDestroyedEarly(
  handlers: readonly MarkedProvider[],
  all: readonly Wrapper[],
): readonly DestroyedEarly[] {
  const graph = new InjectionGraph(readInjections(handlers.map(({ wrapper }) => wrapper)));
  const destroyed = new Map<number, string>();
  for (const wrapper of all) {
    const component = graph.componentOf(ownerOf(wrapper));
    const instance: unknown = wrapper.instance;
    if (component !== undefined && hasDestroyHook(instance)) {
      destroyed.set(component, providerName(wrapper, instance));
    }
  }
  const found: DestroyedEarly[] = [];
  for (const { owner, type, marks } of handlers) {
    const mark = marks.find(({ decorator }) => decorator === '@OnShutdown');
    if (mark === undefined) continue;
    for (const component of injectedFrom(graph, graph.componentOf(owner))) {
      const provider = destroyed.get(component);
      if (provider === undefined) continue;
      destroyed.delete(component);
      found.push({ provider, handler: `${type.name}.${String(mark.method)}` });
    }
  }
  return found;
}

/** The components that `from` injects, directly or indirectly, without itself. */
function injectedFrom(graph: InjectionGraph, from: number | undefined): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = from === undefined ? [] : [...graph.injectedBy(from)];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (reached.has(each)) continue;
    reached.add(each);
    open.push(...graph.injectedBy(each));
  }
  return reached;
}

function hasDestroyHook(instance: unknown): instance is object {
  return isObject(instance) && hasMethod(instance, 'onModuleDestroy');
}
