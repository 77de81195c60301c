import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { InFlightItem } from '../plan/task.js';
import { cut } from './cut.js';
import { pathOf, withoutIds } from './exchange.js';
import { WebSocketSpeech } from './web-socket-speech.js';

/** Milliseconds that a client has to close its side after our close frame. */
const CLOSE_LIMIT = 2_000;

interface Upgraded {
  readonly name: string;
  readonly path: string;
  readonly startedAt: number;
  /** Set if the client asked for a WebSocket. */
  readonly speech: WebSocketSpeech | undefined;
  /** Milliseconds since our close frame; `undefined` before it. */
  toldMs: number | undefined;
}

/**
 * Sockets that left HTTP by an upgrade or by CONNECT. A server does not close before they do: sockets without an
 * owner that closes them receive a close frame, get time, and are cut.
 */
export class UpgradedSockets {
  readonly #sockets = new Map<Socket, Upgraded>();

  constructor(
    /** Sockets that another owner closes, such as those of gateways. */
    private readonly owned: () => ReadonlySet<object>,
    private readonly onGone: () => void,
  ) {}

  add(request: IncomingMessage, socket: Socket, now: number): void {
    const path = pathOf(request.url ?? '/');
    const protocol = protocolOf(request);
    this.#sockets.set(socket, {
      name: `${request.method ?? ''} ${withoutIds(path)} (${protocol})`,
      path,
      startedAt: now,
      speech: protocol === 'websocket' ? new WebSocketSpeech(socket) : undefined,
      toldMs: undefined,
    });
    socket.once('close', () => {
      if (this.#sockets.delete(socket)) this.onGone();
    });
  }

  /** Whether the drain waits for any of them. */
  isWaited(isIgnored: (path: string) => boolean): boolean {
    // Runs each time a socket closes: there may be many, and the first match is enough.
    const owned = this.#sockets.size === 0 ? undefined : this.owned();
    for (const [socket, { path }] of this.#sockets) {
      if (owned?.has(socket) !== true && !isIgnored(path)) return true;
    }
    return false;
  }

  items(now: number, isIgnored: (path: string) => boolean): readonly InFlightItem[] {
    return this.#unowned
      .filter(([, { path }]) => !isIgnored(path))
      .map(([, { name, startedAt }]) => ({ name, ageMs: now - startedAt }));
  }

  /** Sends a close frame where that is possible, and cuts clients that did not close in time. */
  sendAway(countedMs: number): void {
    for (const [socket, upgraded] of this.#unowned) {
      if (upgraded.toldMs === undefined) {
        if (upgraded.speech?.tell() === true) upgraded.toldMs = 0;
        continue;
      }
      // The client has closed, and the owner may leave its own half open.
      if (socket.readableEnded) socket.destroySoon();
      upgraded.toldMs += countedMs;
      if (upgraded.toldMs >= CLOSE_LIMIT) cut(socket);
    }
  }

  sever(): void {
    for (const [socket] of this.#unowned) cut(socket);
  }

  /** Forgets the sockets of other owners for good. */
  get #unowned(): readonly (readonly [Socket, Upgraded])[] {
    if (this.#sockets.size === 0) return [];
    const owned = this.owned();
    for (const socket of this.#sockets.keys()) if (owned.has(socket)) this.#sockets.delete(socket);
    return [...this.#sockets];
  }
}

/** The protocol after the upgrade. The header comes from the client, so its text is restricted. */
function protocolOf({ method, headers: { upgrade = '' } }: IncomingMessage): string {
  if (method === 'CONNECT') return 'tunnel';
  return /^[\w./-]{1,32}$/.test(upgrade) ? upgrade.toLowerCase() : 'upgraded';
}
