import type { ShutdownFeature } from '../feature.js';
import type { Callers } from './callers.js';
import { countWorkOf } from './in-flight.decorator.js';
import type { InFlightWork } from './in-flight-work.js';

/**
 * Waits for the work in flight, in the phase of the option `inFlight`, and follows what else runs in that phase: it may
 * bring more work, or call the app's own transports.
 */
export function inFlightWork(
  work: InFlightWork,
  { phase, callers }: { readonly phase: string; readonly callers: Callers },
): ShutdownFeature {
  return {
    prepare: ({ providers, mistakes, register }) => {
      countWorkOf(providers, work, mistakes);
      return [work.drainTask(phase, register)];
    },
    found: (instances, mistakes) => countWorkOf(instances, work, mistakes),
    observe: (event) => {
      work.observe(event, phase);
      callers.observe(event);
    },
    asked: (methods) => work.asked(methods),
  };
}
