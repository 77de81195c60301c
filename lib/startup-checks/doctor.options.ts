import { checkKeys, isOneOf, isRecord, shown, type Place } from '../plan/check-setting.js';
import { FINDING_CODES, type FindingCode } from './finding.js';

/** Which startup checks stay silent. */
export interface DoctorOptions {
  /**
   * The codes of the findings to silence. Each finding logs its own code.
   * @default []
   */
  readonly ignore?: readonly FindingCode[];
}

/** Reads the option `doctor` and returns the codes to silence. */
export function readDoctorOptions(written: unknown, { path, mistakes }: Place): readonly FindingCode[] {
  if (written === false) return FINDING_CODES;
  if (written === undefined) return [];
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected { ignore } or false, got ${shown(written)}.`);
    return [];
  }
  checkKeys(written, ['ignore'], { path, mistakes });
  const { ignore = [] } = written;
  if (!Array.isArray(ignore)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', `${path}.ignore`, `expected a list, got ${shown(ignore)}.`);
    return [];
  }
  return ignore.filter((code: unknown, index): code is FindingCode =>
    isOneOf(code, FINDING_CODES, { path: `${path}.ignore[${index}]`, mistakes }),
  );
}
