import { readInjections } from '../discovery/injections.js';
import { ownerOf, providerName, type MarkedProvider, type Wrapper } from '../discovery/provider-scan.js';
import { hasMethod, isObject } from '../nest/members.js';
import type { Notice } from '../notice.js';
import { InjectionGraph } from '../plan/injection-graph.js';
import { finding } from './finding.js';

/** A provider that Nest destroys before the phases run, and a handler whose provider injects it. */
interface DestroyedEarly {
  readonly provider: string;
  /** For example `OrdersOutbox.publishRest`. */
  readonly handler: string;
}

/**
 * Fires for each provider with an `onModuleDestroy` that the provider of a handler injects, directly or through
 * others, and names the first such handler. For phases that run after Nest's `onModuleDestroy` hooks.
 */
export function checkDestroyedEarly(
  handlers: readonly MarkedProvider[],
  all: readonly Wrapper[],
): readonly Notice[] {
  const graph = new InjectionGraph(readInjections(handlers.map(({ wrapper }) => wrapper)));
  const destroyed = new Map<number, string>();
  for (const wrapper of all) {
    const component = graph.componentOf(ownerOf(wrapper));
    const instance: unknown = wrapper.instance;
    if (component !== undefined && hasDestroyHook(instance)) {
      destroyed.set(component, providerName(wrapper, instance));
    }
  }
  const found: Notice[] = [];
  for (const { owner, type, marks } of handlers) {
    const mark = marks.find(({ decorator }) => decorator === '@OnShutdown');
    if (mark === undefined) continue;
    for (const component of injectedFrom(graph, graph.componentOf(owner))) {
      const provider = destroyed.get(component);
      if (provider === undefined) continue;
      destroyed.delete(component);
      found.push(destroyedEarly({ provider, handler: `${type.name}.${String(mark.method)}` }));
    }
  }
  return found;
}

export function destroyedEarly({ provider, handler }: DestroyedEarly): Notice {
  return finding(
    'destroyed-early',
    `${provider} has an onModuleDestroy, which runs before the phases with runAt: 'before-application-shutdown', and ${handler} still needs it. Close it with @OnShutdown(), or leave runAt at its default.`,
  );
}

/** The components that one injects, directly or through others; not itself. */
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
