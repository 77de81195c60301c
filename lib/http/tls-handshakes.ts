import { Socket } from 'node:net';
import { memberOf } from '../nest/members.js';
import type { InFlightItem } from '../plan/task.js';

/** A connection whose TLS handshake has not finished. */
interface Handshake {
  readonly ends: string;
  readonly startedAt: number;
  bytesRead: number;
  idleMs: number;
}

/** The connections of a TLS server whose handshake has not finished. */
export class TlsHandshakes {
  readonly #handshakes = new Map<Socket, Handshake>();

  constructor(private readonly onGone: () => void) {}

  get size(): number {
    return this.#handshakes.size;
  }

  /** One item with the count: a handshake has no name. */
  items(now: number): readonly InFlightItem[] {
    const { size } = this;
    if (size === 0) return [];
    const ages = Array.from(this.#handshakes.values(), ({ startedAt }) => now - startedAt);
    return [{ name: size === 1 ? '1 TLS handshake' : `${size} TLS handshakes`, ageMs: Math.max(...ages) }];
  }

  begin(socket: Socket, now: number): void {
    const { bytesRead } = socket;
    this.#handshakes.set(socket, { ends: endsOf(socket), startedAt: now, bytesRead, idleMs: 0 });
    socket.once('close', () => {
      if (this.#handshakes.delete(socket)) this.onGone();
    });
  }

  /** The accepted socket and the secured socket are two objects. */
  end(secured: Socket): void {
    const accepted: unknown = memberOf(secured, '_parent');
    if (accepted instanceof Socket && this.#handshakes.delete(accepted)) return;
    // If Node does not link the two, only their addresses match. A unix socket has none.
    const ends = endsOf(secured);
    for (const [socket, handshake] of this.#handshakes) {
      if (handshake.ends !== ends) continue;
      this.#handshakes.delete(socket);
      return;
    }
  }

  /** Adds time during which they could have been read, and cuts those that sent nothing for `idleGrace`. */
  cutIdle(countedMs: number, idleGrace: number): void {
    for (const [socket, handshake] of this.#handshakes) {
      const isSilent = socket.bytesRead === handshake.bytesRead;
      handshake.bytesRead = socket.bytesRead;
      handshake.idleMs = isSilent ? handshake.idleMs + countedMs : 0;
      if (isSilent && handshake.idleMs >= idleGrace) socket.destroy();
    }
  }

  sever(): void {
    for (const socket of this.#handshakes.keys()) socket.destroy();
  }
}

function endsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
