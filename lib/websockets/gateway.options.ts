import {
  checkKeys,
  isDuration,
  isKind,
  isName,
  isOneOf,
  isRecord,
  shown,
  type Place,
} from '../plan/check-setting.js';
import type { MistakeList } from '../plan/mistake.js';

/** An app event: the message `{ event, data }` on ws, an event with one argument on socket.io. */
export interface GatewayEvent {
  readonly event: string;
  readonly data?: unknown;
}

/** The options of `drainGateways()`. All times are in milliseconds. */
export interface GatewayDrainOptions {
  /**
   * The phase in which clients are closed.
   * @default 'drain', or the first phase if the list has no `drain`
   */
  readonly phase?: string;
  /**
   * `'close'` closes clients within the window. `'finish'` waits until they leave by themselves, and closes the
   * rest shortly before the deadline.
   * @default 'close'
   */
  readonly mode?: 'close' | 'finish';
  /**
   * The milliseconds over which closing is spread, so that clients do not all reconnect at the same time. At most
   * half of the time that the phase has left. 0 closes all at once.
   * @default 2 000
   */
  readonly window?: number;
  /**
   * The close code of a WebSocket: 1000 to 1014 (except 1004 to 1006), or 3000 to 4999.
   * @default 1001 (going away)
   */
  readonly code?: number;
  /**
   * The close reason, at most 123 bytes.
   * @default 'going away'
   */
  readonly reason?: string;
  /** Sent to each client shortly before its connection closes, so that it can stop sending. */
  readonly event?: GatewayEvent;
  /**
   * What a socket.io client does next. `'reconnect'` closes only the transport, so it reconnects by itself.
   * `'disconnect'` disconnects its sockets, so it does not.
   * @default 'reconnect'
   */
  readonly socketIo?: 'reconnect' | 'disconnect';
  /**
   * What happens to the Observables that handlers return. `'finish'` waits for them. `'end'` completes them when it
   * is their client's turn, for streams that never end by themselves.
   * @default 'finish'
   */
  readonly streams?: 'finish' | 'end';
  /**
   * What happens to messages that cross the close of their connection, so that no answer can reach their client.
   * `'handle'` handles them, so nothing is lost. `'refuse'` does not start them, so nothing runs twice for a client
   * that resends unanswered messages. With an `event` they are always refused.
   * @default 'handle'
   */
  readonly crossing?: 'handle' | 'refuse';
}

/** How a connection is closed. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
  /** What a socket.io client does next: it reconnects by itself, or leaves that to its app. */
  readonly socketIo: 'reconnect' | 'disconnect';
}

/** The options with every default filled in. */
export interface GatewaySettings {
  readonly phase: string;
  readonly mode: 'close' | 'finish';
  readonly window: number;
  readonly farewell: Farewell;
  readonly event: GatewayEvent | undefined;
  readonly streams: 'finish' | 'end';
  readonly crossing: 'handle' | 'refuse';
}

export const PATH = 'drainGateways()';

const KEYS = ['phase', 'mode', 'window', 'code', 'reason', 'event', 'socketIo', 'streams', 'crossing'];
const MODES = ['close', 'finish'] as const;
const NEXT = ['reconnect', 'disconnect'] as const;
const STREAMS = ['finish', 'end'] as const;
const CROSSING = ['handle', 'refuse'] as const;

/** These codes describe a connection that closed without one, and must not be sent. */
const RESERVED = [1004, 1005, 1006];

const CODE = {
  named: 'a close code of a WebSocket (1000 to 1014 except 1004 to 1006, or 3000 to 4999)',
  test: (value: unknown): value is number =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    ((value >= 1000 && value <= 1014 && !RESERVED.includes(value)) || (value >= 3000 && value <= 4999)),
};

const REASON = {
  named: 'a string of at most 123 bytes',
  test: (value: unknown): value is string => typeof value === 'string' && Buffer.byteLength(value) <= 123,
};

/** Validates the options of `drainGateways()`. */
export function readGatewayOptions(
  written: unknown,
  {
    mistakes,
    phase: phaseOf,
  }: { readonly mistakes: MistakeList; readonly phase: (named: unknown, path: string) => string },
): GatewaySettings {
  if (!isRecord(written)) {
    const expected = 'an object of options, such as { window: 2_000 }';
    mistakes.add('SHUTDOWN_INVALID_OPTION', PATH, `expected ${expected}, got ${shown(written)}.`);
  }
  const options = isRecord(written) ? written : {};
  const at = (key: keyof GatewayDrainOptions): Place => ({ path: `${PATH}.${key}`, mistakes });
  checkKeys(options, KEYS, { path: PATH, mistakes });
  const { mode, window, code, reason, event, socketIo, streams, crossing } = options;
  return {
    phase: phaseOf(options['phase'], `${PATH}.phase`),
    mode: mode !== undefined && isOneOf(mode, MODES, at('mode')) ? mode : 'close',
    window: window !== undefined && isDuration(window, at('window')) ? window : 2_000,
    farewell: {
      code: code !== undefined && isKind(code, CODE, at('code')) ? code : 1001,
      reason: reason !== undefined && isKind(reason, REASON, at('reason')) ? reason : 'going away',
      socketIo: socketIo !== undefined && isOneOf(socketIo, NEXT, at('socketIo')) ? socketIo : 'reconnect',
    },
    event: event === undefined ? undefined : readEvent(event, at('event')),
    streams: streams !== undefined && isOneOf(streams, STREAMS, at('streams')) ? streams : 'finish',
    crossing: crossing !== undefined && isOneOf(crossing, CROSSING, at('crossing')) ? crossing : 'handle',
  };
}

function readEvent(written: unknown, { path, mistakes }: Place): GatewayEvent | undefined {
  if (!isRecord(written)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected { event, data }, got ${shown(written)}.`);
    return undefined;
  }
  checkKeys(written, ['event', 'data'], { path, mistakes });
  const { event, data } = written;
  return isName(event, { path: `${path}.event`, mistakes }) ? { event, data } : undefined;
}
