import type { Socket } from 'node:net';

/** The connections of a TLS server that are not secured yet. */
export class TlsHandshakes {
  /** The accepted socket and the secured one are two objects: what they share are their ends. */
  readonly #sockets = new Map<string, Socket>();

  constructor(private readonly onGone: () => void) {}

  get size(): number {
    return this.#sockets.size;
  }

  begin(socket: Socket): void {
    const ends = endsOf(socket);
    this.#sockets.set(ends, socket);
    socket.once('close', () => {
      if (this.#sockets.get(ends) === socket) this.#sockets.delete(ends);
      this.onGone();
    });
  }

  end(secured: Socket): void {
    this.#sockets.delete(endsOf(secured));
  }

  sever(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function endsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
