import { checkKeys, isKind, isName, isOneOf, isRecord, shown, type Place } from '../plan/check-setting.js';

/** What the readiness probe says while the application shuts down. */
export type ProbeWhileDraining = 'fail' | 'keep';

/** Answers for the probes of a platform. Without this option there are none. */
export interface ProbesOptions {
  /**
   * The path that answers 200 when the application may get traffic, else 503.
   * @default '/readyz'
   */
  readonly readiness?: string;
  /**
   * The path that answers 200 as long as the process runs.
   * @default '/livez'
   */
  readonly liveness?: string;
  /**
   * A port for the probes alone, which closes last: for applications without a server, and to keep the probes
   * away from clients. 0 takes a free one.
   * @default the server of the application
   */
  readonly port?: number;
  /**
   * The address of that port. A kubelet needs one that it can reach, as '0.0.0.0'.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * `'keep'` lets readiness say 200 to the end, where a failing probe would raise an alarm and something else
   * takes the traffic away.
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

/** Reads the option `probes`; `undefined` where nobody asked for any. */
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
      `${shown(liveness)} is the path of the readiness probe as well. Give each a path of its own: a process that is not ready must not be taken for dead.`,
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
