import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { InFlightItem } from '../plan/task.js';
import { cut } from './cut.js';
import { pathOf, withoutIds } from './exchange.js';
import { WebSocketSpeech } from './web-socket-speech.js';

/** How long a client that has been told to go may take to close its side. */
const CLOSE_LIMIT = 2_000;

interface Upgraded {
  readonly name: string;
  readonly path: string;
  readonly startedAt: number;
  /** Where the client has asked for a WebSocket. */
  readonly speech: WebSocketSpeech | undefined;
  /** For how long we have waited since the client was told to go; `undefined` before that. */
  toldMs: number | undefined;
}

/**
 * The sockets that left HTTP, by an upgrade or by CONNECT. A server is not closed before they are: those that
 * nobody else sends away are told to go, waited for, and cut.
 */
export class UpgradedSockets {
  readonly #sockets = new Map<Socket, Upgraded>();

  constructor(
    /** The sockets that somebody else sends away, such as those of gateways. */
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

  /** Whether the drain waits for one. */
  isWaited(isIgnored: (path: string) => boolean): boolean {
    // Asked whenever one has gone: there may be many, and the first is enough.
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

  /** Tells those that can be told, and cuts those that have not gone in time; counts the time for that. */
  sendAway(countedMs: number): void {
    for (const [socket, upgraded] of this.#unowned) {
      if (upgraded.toldMs === undefined) {
        if (upgraded.speech?.tell() === true) upgraded.toldMs = 0;
        continue;
      }
      // The client has gone, and the owner may leave its half open.
      if (socket.readableEnded) socket.destroySoon();
      upgraded.toldMs += countedMs;
      if (upgraded.toldMs >= CLOSE_LIMIT) cut(socket);
    }
  }

  sever(): void {
    for (const [socket] of this.#unowned) cut(socket);
  }

  /** Those of others are let go of, for good. */
  get #unowned(): readonly (readonly [Socket, Upgraded])[] {
    if (this.#sockets.size === 0) return [];
    const owned = this.owned();
    for (const socket of this.#sockets.keys()) if (owned.has(socket)) this.#sockets.delete(socket);
    return [...this.#sockets];
  }
}

/** What the connection speaks from then on; what the client has written into the header is not trusted. */
function protocolOf({ method, headers: { upgrade = '' } }: IncomingMessage): string {
  if (method === 'CONNECT') return 'tunnel';
  return /^[\w./-]{1,32}$/.test(upgrade) ? upgrade.toLowerCase() : 'upgraded';
}
