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

/** An event of the application: on ws the message `{ event, data }`, on socket.io an event with one argument. */
export interface GatewayEvent {
  readonly event: string;
  readonly data?: unknown;
}

/** The options of `drainGateways()`. All times are in milliseconds. */
export interface GatewayDrainOptions {
  /**
   * The phase in which the clients are sent away.
   * @default 'drain', or the first phase of a list without it
   */
  readonly phase?: string;
  /**
   * `'close'` sends the clients away within the window; `'finish'` waits until they leave by themselves, and
   * sends away who is left shortly before the time is over.
   * @default 'close'
   */
  readonly mode?: 'close' | 'finish';
  /**
   * Over how long the clients are sent away, so that they do not all come back to the others at once; at most
   * half of the time that the phase has left. 0 sends all away at once.
   * @default 2 000
   */
  readonly window?: number;
  /**
   * The code that a WebSocket is closed with: 1000 to 1014 as far as they may be sent, or 3000 to 4999.
   * @default 1001, which stands for going away
   */
  readonly code?: number;
  /**
   * The reason beside the code, of at most 123 bytes.
   * @default 'going away'
   */
  readonly reason?: string;
  /** Sent to each client a moment before its connection closes, so that it may stop sending. */
  readonly event?: GatewayEvent;
  /**
   * What a client of socket.io does next: `'reconnect'` closes the transport only, after which it comes back by
   * itself; `'disconnect'` disconnects its sockets, after which it does not.
   * @default 'reconnect'
   */
  readonly socketIo?: 'reconnect' | 'disconnect';
  /**
   * What becomes of the Observables that handlers answer with: `'finish'` waits for them, `'end'` completes them
   * as the turn of their client comes, for those that would never end by themselves.
   * @default 'finish'
   */
  readonly streams?: 'finish' | 'end';
  /**
   * What becomes of messages that cross the close of their connection, so that no answer reaches their client:
   * `'handle'` handles them, so that nothing is lost; `'refuse'` does not start them, so that nothing is done twice
   * for a client that sends again what was not answered. With an `event` they are refused.
   * @default 'handle'
   */
  readonly crossing?: 'handle' | 'refuse';
}

/** What a client is told as its connection closes. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
  /** What a client of socket.io does next: it comes back by itself, or it leaves that to its application. */
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

/** These stand for a connection that closed without a code, and may not be sent. */
const RESERVED = [1004, 1005, 1006];

const CODE = {
  named: 'a code that a WebSocket may be closed with (1000 to 1014 without 1004 to 1006, or 3000 to 4999)',
  test: (value: unknown): value is number =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    ((value >= 1000 && value <= 1014 && !RESERVED.includes(value)) || (value >= 3000 && value <= 4999)),
};

const REASON = {
  named: 'a text of at most 123 bytes',
  test: (value: unknown): value is string => typeof value === 'string' && Buffer.byteLength(value) <= 123,
};

/** Reads what `drainGateways()` was given; what is wrong with it is told with all other mistakes. */
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
