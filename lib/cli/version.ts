import { readFileSync } from 'node:fs';
import { isRecord } from '../plan/check-setting.js';

/** The version of the package that contains this file. */
export function ownVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  return isRecord(manifest) ? String(manifest['version']) : '';
}
