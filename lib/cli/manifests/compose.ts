import { readDuration } from '../durations.js';
import { SIGTERM, type Grant, type GraceSetting } from './grant.js';
import type { ManifestValue } from './manifest-value.js';

const SETTING: GraceSetting = {
  name: 'stop_grace_period',
  write: (ms) => `stop_grace_period: ${Math.ceil(ms / 1_000)}s`,
};

/** The grants of compose services: 10 s each by default. */
export function composeGrants(document: ManifestValue, file: string): readonly Grant[] {
  return document
    .at('services')
    .entries()
    .map(([name, service]) => {
      const written = service.at('stop_grace_period');
      const signal = service.at('stop_signal').text();
      const command = service.at('entrypoint').words() ?? service.at('command').words();
      return {
        file,
        subject: `service ${name}`,
        name,
        platform: 'other',
        setting: SETTING,
        graceMs: written.isThere ? durationOf(written) : 10_000,
        origin: written.isThere ? 'written' : 'default',
        preStop: { kind: 'none' },
        stopBy:
          signal === undefined ? SIGTERM : { kind: 'signal', signal, setting: `stop_signal: ${signal}` },
        ...(command === undefined ? undefined : { command }),
        wrongs: [],
      };
    });
}

function durationOf(value: ManifestValue): number {
  const ms = typeof value.raw === 'string' ? readDuration(value.raw) : undefined;
  return ms ?? value.fail("a duration with its unit, such as '30s' or '1m30s'");
}
