import { checkKeys, isKind, isRecord, shown, type Place } from '../plan/check-setting.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';

/** Where the report goes beside the log. */
export interface ReportOptions {
  /**
   * A file, `.json` or `.html` by its name. It is written from the start of the run on, so that a process which is
   * killed in the middle leaves a report of what it was at; at boot one line tells how the last stop ended.
   * @default none
   */
  readonly file?: string;
  /**
   * The file that the platform reads when the container has ended, as `terminationMessagePath` of Kubernetes names
   * it: a short form within its 4 096 bytes. `true` is `/dev/termination-log`, where there is one.
   * @default none
   */
  readonly terminationLog?: string | boolean;
  /**
   * Called as the run ends, and when the process is ended by force, which `endedBy` tells. A promise is waited for
   * up to a second, unless the process is ended at once.
   */
  readonly onReport?: (report: ShutdownReport | RunningReport) => unknown;
  /**
   * Takes out of a text what must not be stored, in the file and the termination log. Credentials and queries of
   * URLs are left out in any case.
   */
  readonly redact?: (text: string) => string;
}

/** The form of a file by the ending of its name. */
export type FileForm = 'json' | 'html';

/** The option with what its names stand for. */
export interface ReportSettings {
  readonly file: { readonly path: string; readonly form: FileForm } | undefined;
  readonly terminationLog: { readonly path: string; readonly where: 'named' | 'platform' } | undefined;
  readonly onReport: ReportOptions['onReport'];
  readonly redact: ReportOptions['redact'];
}

const KEYS: readonly (keyof ReportOptions)[] = ['file', 'terminationLog', 'onReport', 'redact'];

const TERMINATION_LOG = '/dev/termination-log';

const PATH_OR_BOOLEAN = {
  named: 'a path, true or false',
  test: (value: unknown): value is string | boolean =>
    typeof value === 'boolean' || (typeof value === 'string' && value.trim() !== ''),
};

type Fn = (...args: never[]) => unknown;

const FUNCTION = { named: 'a function', test: (value: unknown): value is Fn => typeof value === 'function' };

/** Checks the option; what is wrong is in the mistakes. */
export function readReportOptions(written: unknown, { path, mistakes }: Place): ReportSettings {
  if (written !== undefined && !isRecord(written)) {
    const expected = `expected { ${KEYS.join(', ')} }`;
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `${expected}, got ${shown(written)}.`);
  }
  const options = isRecord(written) ? written : {};
  checkKeys(options, KEYS, { path, mistakes });
  const place = (key: keyof ReportOptions): Place => ({ path: `${path}.${key}`, mistakes });
  return {
    file: readFile(options['file'], place('file')),
    terminationLog: readTerminationLog(options['terminationLog'], place('terminationLog')),
    onReport: readFunction<NonNullable<ReportOptions['onReport']>>(options['onReport'], place('onReport')),
    redact: readFunction<NonNullable<ReportOptions['redact']>>(options['redact'], place('redact')),
  };
}

function readFile(value: unknown, { path, mistakes }: Place): ReportSettings['file'] {
  if (value === undefined) return undefined;
  const form =
    typeof value === 'string' ? /[^/\\]\.(json|html)$/i.exec(value)?.[1]?.toLowerCase() : undefined;
  if (typeof value === 'string' && form !== undefined) {
    return { path: value, form: form === 'json' ? 'json' : 'html' };
  }
  mistakes.add(
    'SHUTDOWN_INVALID_OPTION',
    path,
    `expected the name of a file that ends with .json or .html, got ${shown(value)}.`,
  );
  return undefined;
}

function readTerminationLog(value: unknown, place: Place): ReportSettings['terminationLog'] {
  if (value === undefined || !isKind(value, PATH_OR_BOOLEAN, place) || value === false) return undefined;
  return value === true ? { path: TERMINATION_LOG, where: 'platform' } : { path: value, where: 'named' };
}

function readFunction<F extends Fn>(value: unknown, place: Place): F | undefined {
  const kind = { named: FUNCTION.named, test: (each: unknown): each is F => FUNCTION.test(each) };
  return value !== undefined && isKind(value, kind, place) ? value : undefined;
}
