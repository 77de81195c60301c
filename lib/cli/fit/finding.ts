import type { ProbesSettings } from '../../probes/probes.options.js';
import type { ShutdownPlan } from '../../plan/shutdown-plan.js';

/** A result of checking a manifest. */
export interface Finding {
  /** `fits`: correct. `wrong`: must be fixed. `note`: may be intended. */
  readonly verdict: 'fits' | 'wrong' | 'note';
  readonly text: string;
}

/** What has to fit into the manifest. */
export interface Measured {
  readonly plan: ShutdownPlan;
  /** All times are in milliseconds. */
  readonly settings: {
    readonly shutdownDelay: number;
    readonly gracePeriod: number;
    readonly probes: ProbesSettings | undefined;
    readonly signals: readonly string[];
    readonly ipc: boolean;
  };
}

export function wrong(text: string): Finding {
  return { verdict: 'wrong', text };
}

export function note(text: string): Finding {
  return { verdict: 'note', text };
}
