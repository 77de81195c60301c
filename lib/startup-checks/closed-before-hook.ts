import { injectedBy } from '../discovery/injections.js';
import { ownerOf, providerName, type MarkedProvider, type Wrapper } from '../discovery/provider-scan.js';
import { hasMethod } from '../nest/members.js';
import type { Notice } from '../notice.js';
import { DEFAULT_PHASE } from '../plan/phase.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { finding } from './finding.js';

/** A Nest hook, and the handler that has closed what the provider of the hook injects. */
interface ClosedBeforeHook {
  /** As `Class.onModuleDestroy`. */
  readonly hook: string;
  /** The name of the handler. */
  readonly handler: string;
}

const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];

/**
 * Fires when a provider with a Nest hook and without a handler directly injects a provider that a handler closes, as
 * in an app that is migrated one provider at a time. Indirect injections are left out: few hooks reach that far.
 */
export function checkClosedBeforeHooks(
  plan: ShutdownPlan,
  handlers: readonly MarkedProvider[],
  all: readonly Wrapper[],
): readonly Notice[] {
  const closing = closingHandlers(plan);
  if (closing.size === 0) return [];
  const own = new Set(
    handlers.filter(({ marks }) => marks.some(isHandler)).map(({ wrapper }) => ownerOf(wrapper)),
  );
  return all.flatMap((wrapper) => {
    if (wrapper.isAlias) return [];
    // Few providers inject one that a handler closes: only they are looked at for hooks.
    const closed = injectedBy(wrapper).find((injected) => closing.has(ownerOf(injected)));
    const handler = closed && closing.get(ownerOf(closed));
    if (handler === undefined || own.has(ownerOf(wrapper))) return [];
    const hook = hookOf(wrapper);
    return hook === undefined ? [] : [closedBeforeHook({ hook, handler })];
  });
}

export function closedBeforeHook({ hook, handler }: ClosedBeforeHook): Notice {
  return finding(
    'closed-before-hook',
    `${hook} runs after the phases, when ${handler} has already closed what it injects. Turn it into an @OnShutdown() handler of an earlier phase; if it no longer needs what is closed, ignore this.`,
  );
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
