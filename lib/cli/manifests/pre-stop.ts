import type { PreStop } from './grant.js';
import type { ManifestValue } from './manifest-value.js';

const SLEEP = /\bsleep\s+(\d+(?:\.\d+)?)([smhd]?)\b/g;
const UNITS: Readonly<Record<string, number>> = {
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads how long a `preStop` hook of Kubernetes waits, from its `sleep` field or a `sleep` command. */
export function readPreStop(hook: ManifestValue): PreStop {
  if (!hook.isThere) return { kind: 'none' };
  const seconds = hook.at('sleep', 'seconds').amount('seconds');
  if (seconds !== undefined) return { kind: 'waits', ms: seconds * 1_000, rest: 'nothing' };
  const command = hook.at('exec', 'command').words();
  if (command !== undefined) return sleepsOf(command);
  const path = hook.at('httpGet', 'path').text();
  return { kind: 'unknown', what: path === undefined ? 'a hook' : `a request of ${path}` };
}

function sleepsOf(command: string): PreStop {
  let ms = 0;
  for (const [, amount = '', unit = ''] of command.matchAll(SLEEP)) ms += Number(amount) * (UNITS[unit] ?? 0);
  if (ms === 0) return { kind: 'unknown', what: `\`${command}\`` };
  // What remains without the sleeps, the shell around them, and the operators between them.
  const rest = command.replaceAll(SLEEP, '').replace(/^(?:\S*\/)?(?:ba|da|a)?sh\s+-\w*c\w*/, '');
  return {
    kind: 'waits',
    ms,
    rest: /[a-z]/i.test(rest.replaceAll(/\/(?:usr\/)?bin\/|\bexec\b/g, '')) ? 'something' : 'nothing',
  };
}
