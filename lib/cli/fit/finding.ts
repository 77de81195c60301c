import type { ProbesSettings } from '../../probes/probes.options.js';
import type { ShutdownPlan } from '../../plan/shutdown-plan.js';

/** One thing that was held against a manifest. */
export interface Finding {
  /** `fits`: it is right; `wrong`: it has to be mended; `note`: it may be meant. */
  readonly verdict: 'fits' | 'wrong' | 'note';
  readonly text: string;
}

/** What of an application has to fit. */
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
