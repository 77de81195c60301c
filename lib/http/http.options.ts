import {
  checkKeys,
  isDuration,
  isKind,
  isOneOf,
  isRecord,
  isTimeout,
  shown,
  type Place,
} from '../plan/check-setting.js';
import type { UserPhases } from '../plan/user-phases.js';
import type { EventStreamFarewell } from './event-stream.js';
import { patternFault } from './path-pattern.js';

/** What becomes of requests that come on open connections during the drain. */
export type LateRequests = 'serve' | 'reject';

/** How the HTTP servers of the application are drained. */
export interface HttpOptions {
  /**
   * The phase in which the listener closes and what is in flight finishes.
   * @default 'drain', or the first phase of a list without `drain`
   */
  readonly phase?: string;
  /**
   * Milliseconds for which an idle connection stays open after the listener has closed, so that a request
   * that was already on its way is answered.
   * @default 300
   */
  readonly idleGrace?: number;
  /**
   * `'reject'` answers requests that come during the drain with 503.
   * @default 'serve'
   */
  readonly late?: LateRequests;
  /**
   * Paths that are served to the end, whatever `late` says: health, metrics. Written as in `ignore`.
   * @default []
   */
  readonly serve?: readonly string[];
  /**
   * Paths whose requests nobody waits for: a long poll, a scrape that never ends. Written as in a router, with
   * the global prefix: `/poll/:channel`, `/poll/*`, `/poll{/:channel}`.
   * @default []
   */
  readonly ignore?: readonly string[];
  /** What streams of server-sent events are told before they end. */
  readonly sse?: EventStreamFarewell;
}

/** The options with every default filled in. */
export type HttpSettings = Readonly<Required<HttpOptions>>;

const KEYS: readonly (keyof HttpOptions)[] = ['phase', 'idleGrace', 'late', 'serve', 'ignore', 'sse'];
const LATE: readonly LateRequests[] = ['serve', 'reject'];
const PATHS = {
  named: "a list of paths that begin with '/'",
  test: (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((path) => typeof path === 'string' && path.startsWith('/')),
};
const TEXT = { named: 'a text', test: (value: unknown): value is string => typeof value === 'string' };

/** Reads the option `http`; `false` leaves the servers to Nest. */
export function readHttpOptions(
  written: unknown,
  { path, mistakes, phases }: Place & { readonly phases: UserPhases },
): HttpSettings | false {
  if (written === false) return false;
  if (written !== undefined && !isRecord(written)) {
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      path,
      `expected an object of options or false, got ${shown(written)}.`,
    );
  }
  const options: Readonly<Record<string, unknown>> = isRecord(written) ? written : {};
  const at = (key: keyof HttpOptions): Place => ({ path: `${path}.${key}`, mistakes });
  checkKeys(options, KEYS, { path, mistakes });
  const { idleGrace, late, serve, ignore, sse } = options;
  return Object.freeze({
    phase: phases.featurePhase(options['phase'], `${path}.phase`),
    idleGrace: idleGrace !== undefined && isDuration(idleGrace, at('idleGrace')) ? idleGrace : 300,
    late: late !== undefined && isOneOf(late, LATE, at('late')) ? late : 'serve',
    serve: readPaths(serve, at('serve')),
    ignore: readPaths(ignore, at('ignore')),
    sse: readFarewell(sse, at('sse')),
  });
}

function readPaths(written: unknown, { path, mistakes }: Place): readonly string[] {
  if (written === undefined || !isKind(written, PATHS, { path, mistakes })) return [];
  for (const [index, pattern] of written.entries()) {
    const fault = patternFault(pattern);
    if (fault === undefined) continue;
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      `${path}[${index}]`,
      `'${pattern}' matches no path: ${fault}. Write a path such as '/poll', '/poll/:channel' or '/poll/*'.`,
    );
  }
  return written;
}

function readFarewell(written: unknown, { path, mistakes }: Place): EventStreamFarewell {
  if (written === undefined) return {};
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected { retry, event }, got ${shown(written)}.`);
    return {};
  }
  checkKeys(written, ['retry', 'event'], { path, mistakes });
  const { retry, event } = written;
  return {
    ...(retry !== undefined && isTimeout(retry, { path: `${path}.retry`, mistakes }) ? { retry } : undefined),
    ...(event === undefined ? undefined : { event: readEvent(event, { path: `${path}.event`, mistakes }) }),
  };
}

function readEvent(
  written: unknown,
  { path, mistakes }: Place,
): { readonly type?: string; readonly data: string } {
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected { type, data }, got ${shown(written)}.`);
    return { data: '' };
  }
  checkKeys(written, ['type', 'data'], { path, mistakes });
  const { type, data } = written;
  return {
    data: isKind(data, TEXT, { path: `${path}.data`, mistakes }) ? data : '',
    ...(type !== undefined && isKind(type, TEXT, { path: `${path}.type`, mistakes }) ? { type } : undefined),
  };
}
