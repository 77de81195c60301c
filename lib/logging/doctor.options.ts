import { checkKeys, isOneOf, isRecord, shown, type Place } from '../plan/check-setting.js';
import { FINDING_KINDS, type FindingKind } from './notice.js';

/** What the doctor keeps to itself. */
export interface DoctorOptions {
  /**
   * Findings that are not told, by their kinds: each line says its own.
   * @default []
   */
  readonly ignore?: readonly FindingKind[];
}

/** Reads the option `doctor`; answers with the kinds that are not told. */
export function readDoctorOptions(written: unknown, { path, mistakes }: Place): readonly FindingKind[] {
  if (written === false) return FINDING_KINDS;
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
  return ignore.filter((kind: unknown, index): kind is FindingKind =>
    isOneOf(kind, FINDING_KINDS, { path: `${path}.ignore[${index}]`, mistakes }),
  );
}
