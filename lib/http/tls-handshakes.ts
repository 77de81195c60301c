import { Socket } from 'node:net';
import { memberOf } from '../nest/members.js';
import type { InFlightItem } from '../plan/task.js';

/** A connection that is not secured yet. */
interface Handshake {
  readonly ends: string;
  readonly startedAt: number;
  bytesRead: number;
  idleMs: number;
}

/** The connections of a TLS server that are not secured yet. */
export class TlsHandshakes {
  readonly #handshakes = new Map<Socket, Handshake>();

  constructor(private readonly onGone: () => void) {}

  get size(): number {
    return this.#handshakes.size;
  }

  /** Counted: a handshake names nobody. */
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

  /** The accepted socket and the secured one are two objects. */
  end(secured: Socket): void {
    const accepted: unknown = memberOf(secured, '_parent');
    if (accepted instanceof Socket && this.#handshakes.delete(accepted)) return;
    // Where Node does not say which: all that they share is their ends, which a unix socket has none of.
    const ends = endsOf(secured);
    for (const [socket, handshake] of this.#handshakes) {
      if (handshake.ends !== ends) continue;
      this.#handshakes.delete(socket);
      return;
    }
  }

  /** Counts time in which they could have been read, and cuts those that did nothing for so long. */
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
