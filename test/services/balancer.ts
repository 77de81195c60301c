import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Takes connections to the first of several ports that accepts them, as a balancer does whose instances come
 * and go; what is connected stays where it is.
 */
export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly ports: readonly number[]) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#hold(client);
      this.#forward(client, this.ports);
    });
  }

  static async start(ports: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await new Promise<void>((resolve) => {
      balancer.#server.listen(0, '127.0.0.1', resolve);
    });
    return balancer;
  }

  get port(): number {
    return portOf(this.#server);
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks every connection; new ones are taken as before. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  #forward(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      client.destroy();
      return;
    }
    const instance = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#hold(instance);
    const refused = (): void => this.#forward(client, others);
    instance.once('error', refused);
    instance.once('connect', () => {
      instance.off('error', refused);
      // A half that ends is passed on by pipe, one that breaks is not.
      instance.once('error', () => client.destroy());
      instance.once('close', (broke) => broke && client.destroy());
      client.once('close', (broke) => broke && instance.destroy());
      client.pipe(instance).pipe(client);
    });
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const port = portOf(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
