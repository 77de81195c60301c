import type { Grant, GraceSetting } from './grant.js';
import type { ManifestValue } from './manifest-value.js';

const SETTING: GraceSetting = { name: 'kill_timeout', write: (ms) => `kill_timeout: ${Math.ceil(ms)}` };

/** The grants of PM2 apps: 1 600 ms each by default. PM2 sends SIGINT or a message. */
export function pm2Grants(document: ManifestValue, file: string): readonly Grant[] {
  return appsOf(document).map((app) => {
    const ms = app.at('kill_timeout').amount('milliseconds');
    const name = app.at('name').text() ?? app.at('script').text() ?? '(unnamed)';
    return {
      file,
      subject: `app ${name}`,
      name,
      platform: 'other',
      setting: SETTING,
      graceMs: ms ?? 1_600,
      origin: ms === undefined ? 'default' : 'written',
      preStop: { kind: 'none' },
      stopBy:
        app.at('shutdown_with_message').raw === true
          ? { kind: 'message', setting: 'shutdown_with_message: true' }
          : { kind: 'signal', signal: 'SIGINT', setting: 'the default of PM2' },
      wrongs: [],
    };
  });
}

/** The apps of an ecosystem file: under `apps`, as a list, or a single one. */
function appsOf(document: ManifestValue): readonly ManifestValue[] {
  if (Array.isArray(document.raw)) return document.items();
  const apps = document.at('apps');
  if (!apps.isThere) return [document];
  return Array.isArray(apps.raw) ? apps.items() : [apps];
}
