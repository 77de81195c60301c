import type { ShutdownFeature } from '../feature.js';
import type { Probes, RouteHost } from './probes.js';

/** Mounts the probes on the app. Without a server or a port of their own they are a configuration error. */
export function probesFeature(probes: Probes, host: () => RouteHost | undefined): ShutdownFeature {
  return {
    prepare: ({ mistakes }) => {
      probes.mount(host(), mistakes);
      return [];
    },
  };
}
