import { checkKeys, isKind, isRecord, shown, type Place } from '../plan/check-setting.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';

/** Where the report goes besides the log. */
export interface ReportOptions {
  /**
   * The path of a `.json` or `.html` file. It is written from the start of the run on, so that a process which is
   * force-killed still leaves a report of what it was doing. During the run an `.html` file contains JSON, and at its
   * end the page. At boot, one line logs how the last shutdown ended.
   * @default none
   */
  readonly file?: string;
  /**
   * The path of the file that the platform reads after the container has exited, as in `terminationMessagePath` of
   * Kubernetes. It gets a short form within 4 096 bytes. `true` means `/dev/termination-log`, if it exists.
   * @default none
   */
  readonly terminationLog?: string | boolean;
  /**
   * Called when the run ends, and when the process is forced to exit; `endedBy` says which. A returned promise is
   * awaited for up to 1 000 ms, unless the process exits immediately. Errors are logged.
   */
  readonly onReport?: (report: ShutdownReport | RunningReport) => unknown;
  /**
   * Removes what must not be stored from a text in the file and the termination log. Credentials and queries of URLs
   * are always removed.
   * @default the text as it is
   */
  readonly redact?: (text: string) => string;
}

/** The format of a report file, by its extension. */
export type FileForm = 'json' | 'html';

/** The option after validation. */
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

/** Validates the option and adds every configuration error to `mistakes`. */
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
    `expected a file name ending in .json or .html, got ${shown(value)}.`,
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
