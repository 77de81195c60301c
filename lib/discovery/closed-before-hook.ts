import { DEFAULT_PHASE } from '../plan/phase.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { injectedBy } from './injections.js';
import { hasMethod } from '../nest/members.js';
import { ownerOf, providerName, type MarkedProvider, type Wrapper } from './provider-scan.js';

/** A Nest hook that runs after a handler has closed something the hook's provider injects. */
export interface ClosedBeforeHook {
  /** For example `OrdersService.onModuleDestroy`. */
  readonly hook: string;
  /** The name of the handler. */
  readonly handler: string;
}

const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];

/**
 * Finds providers that have a Nest hook but no handler, and that directly inject a provider which a handler closes.
 * This happens while an application is migrated one provider at a time. Indirect injections are left out, since few
 * hooks reach that far.
 */
export function findClosedBeforeHooks(
  plan: ShutdownPlan,
  handlers: readonly MarkedProvider[],
  all: readonly Wrapper[],
): readonly ClosedBeforeHook[] {
  const closing = closingHandlers(plan);
  if (closing.size === 0) return [];
  const own = new Set(
    handlers.filter(({ marks }) => marks.some(isHandler)).map(({ wrapper }) => ownerOf(wrapper)),
  );
  return all.flatMap((wrapper) => {
    if (wrapper.isAlias || own.has(ownerOf(wrapper))) return [];
    const hook = hookOf(wrapper);
    if (hook === undefined) return [];
    const closed = injectedBy(wrapper).find((injected) => closing.has(ownerOf(injected)));
    const handler = closed && closing.get(ownerOf(closed));
    return handler === undefined ? [] : [{ hook, handler }];
  });
}

/**
 * The handlers that close their provider for good, by provider: those in the phase `close`, or in a phase without
 * successors.
 */
function closingHandlers({ phases, phaseGraph }: ShutdownPlan): ReadonlyMap<unknown, string> {
  const closing = new Map<unknown, string>();
  for (const { name: phase, tasks } of phases) {
    const isLast = !phaseGraph.names.some((other) => phaseGraph.precedes(phase, other));
    if (phase !== DEFAULT_PHASE && !isLast) continue;
    for (const { owner, name } of tasks) if (owner !== undefined) closing.set(owner, name);
  }
  return closing;
}

function hookOf(wrapper: Wrapper): string | undefined {
  const instance: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : undefined;
  if (typeof instance !== 'object' || instance === null) return undefined;
  const hook = HOOKS.find((name) => hasMethod(instance, name));
  return hook && `${providerName(wrapper, instance)}.${hook}`;
}

function isHandler({ decorator }: MarkedProvider['marks'][number]): boolean {
  return decorator === '@OnShutdown';
}
