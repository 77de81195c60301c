import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Milliseconds until a client that found no instance tries again. */
const PAUSE = 50;

/**
 * A client of the gateway, connected to one instance. When that instance leaves, it connects to another one and sends
 * unanswered calls again: with `crossing: 'refuse'`, close code 1001 means that they never started.
 */
export class SocketClient {
  readonly #unanswered = new Map<string, () => void>();
  #socket: WebSocket | undefined;
  #status: 'open' | 'leaving' = 'open';
  resent = 0;

  constructor(
    private readonly ports: readonly string[],
    /** Called when a connection closes with another code than 1001. */
    private readonly onBroken: (why: string) => void,
  ) {}

  /** Resolves when it is connected to the first port that accepts it. */
  async connect(): Promise<void> {
    for (;;) {
      for (const port of this.ports) {
        const socket = await opened(port);
        if (socket !== undefined) return this.#use(socket);
      }
      await sleep(PAUSE);
    }
  }

  /** Resolves when the call is answered. */
  call(id: string): Promise<void> {
    return new Promise((resolve) => {
      this.#unanswered.set(id, resolve);
      this.#send(id);
    });
  }

  close(): void {
    this.#status = 'leaving';
    this.#socket?.close();
  }

  #use(socket: WebSocket): void {
    if (this.#status === 'leaving') {
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data)).data;
      this.#unanswered.get(id)?.();
      this.#unanswered.delete(id);
    });
    socket.once('close', (code) => void this.#closed(code));
    this.resent += this.#unanswered.size;
    for (const id of this.#unanswered.keys()) this.#send(id);
  }

  async #closed(code: number): Promise<void> {
    this.#socket = undefined;
    if (this.#status === 'leaving') return;
    // The call may or may not have started.
    if (code !== 1001) this.onBroken(`the connection closed with ${code}`);
    await this.connect();
  }

  /** A call sent between two connections, or into a closing one, is not answered, and is sent again. */
  #send(id: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ event: 'price', data: { id } }));
  }
}

/** A connection, or `undefined` if nothing listens there or the instance is leaving. */
async function opened(port: string): Promise<WebSocket | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  return once(socket, 'open').then(
    () => socket,
    () => undefined,
  );
}
