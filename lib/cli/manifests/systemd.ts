import { basename } from 'node:path';
import { readTimeSpan } from '../durations.js';
import { WrongUse } from '../wrong-use.js';
import { SIGTERM, type Grant, type GraceSetting, type StopBy } from './grant.js';

const SETTING: GraceSetting = {
  name: 'TimeoutStopSec',
  write: (ms) => `TimeoutStopSec=${Math.ceil(ms / 1_000)}`,
};

const KILL_MODES = ['control-group', 'mixed', 'process', 'none'];

/** The grant of a systemd unit: 90 s by default. */
export function systemdGrants(text: string, file: string): readonly Grant[] {
  const service = readService(text);
  const fail = (key: string, expected: string): never => {
    throw new WrongUse(`${file}: [Service] ${key}: expected ${expected}, got '${service.get(key)}'.`);
  };
  const key = ['TimeoutStopSec', 'TimeoutSec'].find((each) => service.has(each));
  const span = key === undefined ? undefined : service.get(key);
  const written = span === undefined ? undefined : readTimeSpan(span);
  if (key !== undefined && written === undefined) {
    return fail(key, "a time span, such as '90', '1min 30s' or 'infinity'");
  }
  const killMode = service.get('KillMode') ?? 'control-group';
  if (!KILL_MODES.includes(killMode)) return fail('KillMode', `one of ${KILL_MODES.join(', ')}`);
  const command = service.get('ExecStart')?.replace(/^[-@:+!|]+/, '');
  const isAlone = killMode === 'mixed' || killMode === 'process';
  return [
    {
      file,
      subject: `unit ${basename(file)}`,
      name: basename(file),
      platform: 'other',
      setting: SETTING,
      // Without SIGKILL there is no time limit.
      graceMs: isNo(service.get('SendSIGKILL')) ? Infinity : (written ?? 90_000),
      origin: written === undefined ? 'default' : 'written',
      preStop: { kind: 'none' },
      stopBy: stopSignalOf(service),
      // If systemd signals the whole control group, every process receives the signal, whatever started it.
      ...(command !== undefined && isAlone ? { command } : undefined),
      wrongs:
        killMode === 'none'
          ? ['KillMode=none sends no signal, and leaves the process running when the unit stops. Remove it.']
          : [],
    },
  ];
}

function stopSignalOf(service: ReadonlyMap<string, string>): StopBy {
  const written = service.get('KillSignal');
  if (written === undefined) return SIGTERM;
  const signal = written.startsWith('SIG') ? written : `SIG${written}`;
  return { kind: 'signal', signal, setting: `KillSignal=${written}` };
}

/** The settings of a unit. The last value of a key counts; an empty one resets it. */
function readService(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const [, header] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    const [, key, value = ''] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section !== 'Service' || key === undefined) continue;
    settings.delete(key);
    if (value !== '') settings.set(key, value);
  }
  return settings;
}

function isNo(value: string | undefined): boolean {
  return value !== undefined && ['no', 'false', '0', 'off'].includes(value.toLowerCase());
}
