import { checkKeys, isKind, isName, isOneOf, isRecord, shown, type Place } from '../plan/check-setting.js';

/** The response of the readiness probe while the app shuts down. */
export type ProbeWhileDraining = 'fail' | 'keep';

/** Built-in endpoints for the probes of a platform. Off without this option. */
export interface ProbesOptions {
  /**
   * The path that returns 200 when the app may receive traffic, and 503 otherwise.
   * @default '/readyz'
   */
  readonly readiness?: string;
  /**
   * The path that returns 200 as long as the process runs.
   * @default '/livez'
   */
  readonly liveness?: string;
  /**
   * A separate port for the probes, which closes last: for apps without a server, or to keep the probes away from
   * clients. 0 picks a free port.
   * @default the server of the app
   */
  readonly port?: number;
  /**
   * The address of that port. A kubelet must be able to reach it, such as '0.0.0.0'.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * `'keep'` returns 200 until the end, for platforms that remove traffic by other means and raise an alarm if a
   * probe fails.
   * @default 'fail'
   */
  readonly whileDraining?: ProbeWhileDraining;
}

/** The options with every default filled in. */
export interface ProbesSettings extends Required<Omit<ProbesOptions, 'port'>> {
  readonly port: number | undefined;
}

const KEYS: readonly (keyof ProbesOptions)[] = ['readiness', 'liveness', 'port', 'host', 'whileDraining'];
const WHILE_DRAINING: readonly ProbeWhileDraining[] = ['fail', 'keep'];
const PATH = {
  named: "a path that begins with '/'",
  test: (value: unknown): value is string => typeof value === 'string' && /^\/[^?#\s]*$/.test(value),
};
const PORT = {
  named: 'a port from 0 to 65535',
  test: (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535,
};

/** Validates the option `probes`. Returns `undefined` if it is not set. */
export function readProbesOptions(written: unknown, { path, mistakes }: Place): ProbesSettings | undefined {
  if (written === undefined) return undefined;
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected an object of options, got ${shown(written)}.`);
    return undefined;
  }
  const at = (key: keyof ProbesOptions): Place => ({ path: `${path}.${key}`, mistakes });
  checkKeys(written, KEYS, { path, mistakes });
  const {
    readiness = '/readyz',
    liveness = '/livez',
    port,
    host = '127.0.0.1',
    whileDraining = 'fail',
  } = written;
  if (readiness === liveness) {
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      `${path}.liveness`,
      `expected another path than ${path}.readiness, got ${shown(liveness)}. With one path for both, the platform would restart an app that is not ready.`,
    );
  }
  return Object.freeze({
    readiness: isKind(readiness, PATH, at('readiness')) ? readiness : '/readyz',
    liveness: isKind(liveness, PATH, at('liveness')) ? liveness : '/livez',
    port: port !== undefined && isKind(port, PORT, at('port')) ? port : undefined,
    host: isName(host, at('host')) ? host : '127.0.0.1',
    whileDraining: isOneOf(whileDraining, WHILE_DRAINING, at('whileDraining')) ? whileDraining : 'fail',
  });
}
