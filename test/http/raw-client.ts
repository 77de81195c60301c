import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectSecure } from 'node:tls';

const sockets = new Set<Socket>();

// What a failed test leaves behind must not outlive it.
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** One answer, as far as the tests look at it. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly connection: string | undefined;
  readonly body: string;
}

/** A client that writes bytes as it is told, and keeps the bytes that it gets. */
export class RawClient {
  /** Resolves when the connection is gone: `'end'` in good order, else the code of the error. */
  readonly gone: Promise<string>;
  readonly #chunks: Buffer[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    sockets.add(socket);
    let how = 'severed';
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      for (const watch of this.#watchers) watch();
    });
    socket.on('end', () => (how = 'end'));
    socket.on('error', (error) => (how = 'code' in error ? String(error.code) : error.message));
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        resolve(how);
      });
    });
  }

  static async connect(
    kind: 'http' | 'https',
    port: number,
    options: Partial<TcpNetConnectOpts> = {},
  ): Promise<RawClient> {
    const to = { host: '127.0.0.1', ...options, port };
    const socket = kind === 'http' ? connect(to) : connectSecure({ ...to, rejectUnauthorized: false });
    const client = new RawClient(socket);
    await once(socket, kind === 'http' ? 'connect' : 'secureConnect');
    return client;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** How much came behind the first head. */
  get bytesOfBody(): number {
    return this.bytes - (this.text.indexOf('\r\n\r\n') + 4);
  }

  get answers(): readonly Answer[] {
    return this.text
      .split(/(?=HTTP\/1\.1 \d)/)
      .filter((text) => text !== '')
      .map((text) => {
        const [head = '', body = ''] = text.split('\r\n\r\n', 2);
        return {
          status: Number(head.slice(9, 12)),
          head,
          connection: /^connection: (.+)$/im.exec(head)?.[1],
          body,
        };
      });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Writes requests without a body, in one piece. */
  get(...paths: readonly string[]): void {
    this.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  }

  /** Resolves when what was received contains the text. */
  received(text: string): Promise<void> {
    return new Promise((resolve) => {
      const watch = (): void => {
        if (!this.text.includes(text)) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
    });
  }
}
