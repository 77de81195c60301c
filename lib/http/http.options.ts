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

/** What happens to requests that arrive on open connections during the drain. */
export type LateRequests = 'serve' | 'reject';

/** How the app's HTTP servers are drained. */
export interface HttpOptions {
  /**
   * The phase in which the listener closes and requests in flight finish.
   * @default 'drain', or the first phase if the list has no `drain`
   */
  readonly phase?: string;
  /**
   * Milliseconds for which an idle connection stays open after the listener has closed, so that a request already
   * sent by the client is still answered. 0 closes idle connections at once.
   * @default 300
   */
  readonly idleGrace?: number;
  /**
   * `'reject'` answers requests that arrive during the drain with 503.
   * @default 'serve'
   */
  readonly late?: LateRequests;
  /**
   * Paths that are served until the end even with `late: 'reject'`, such as health checks and metrics. Same syntax
   * as `ignore`.
   * @default []
   */
  readonly serve?: readonly string[];
  /**
   * Paths whose requests the drain does not wait for, such as long polling. Written as in a router and with the
   * global prefix: `/poll/:channel`, `/poll/*`, `/poll{/:channel}`.
   * @default []
   */
  readonly ignore?: readonly string[];
  /** What clients of server-sent events receive before their stream ends. */
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
const TEXT = { named: 'a string', test: (value: unknown): value is string => typeof value === 'string' };

/** Validates the option `http`. Returns `false` if the servers are left to Nest. */
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
      `expected a path pattern, got '${pattern}': ${fault}. Write a path such as '/poll', '/poll/:channel' or '/poll/*'.`,
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
