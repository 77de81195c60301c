import type { Measured } from '../../lib/cli/fit/finding.js';
import { resolveOptions, type ShutdownSettings } from '../../lib/graceful-shutdown.options.js';
import { buildPlan } from '../../lib/plan/build-plan.js';

/** What an application with these options has to fit on a platform. */
export function measured(
  options: object,
  platform: 'kubernetes' | 'other' = 'other',
): Measured & { readonly settings: ShutdownSettings } {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
  const settings = resolveOptions(options, {
    inKubernetes: platform === 'kubernetes',
    defaultSignals: signals,
    knownSignals: [...signals, 'SIGUSR1'],
  });
  settings.mistakes.throwIfAny();
  return { plan: buildPlan(settings.phaseGraph.phases, []), settings };
}
