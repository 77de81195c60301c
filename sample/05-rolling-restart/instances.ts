import type { InstanceMessage } from './messages.js';
import { Program } from './program.js';

/** The instances of the shop, one on each port. */
export class Instances {
  readonly #running = new Map<string, Program<InstanceMessage>>();
  /** Orders that those who have stopped have taken. */
  taken = 0;
  restarts = 0;
  /** Those who ended with something else than 0. */
  readonly unclean: string[] = [];

  constructor(readonly ports: readonly string[]) {}

  /** Starts one on each port; resolves when all listen. */
  async start(): Promise<void> {
    await Promise.all(this.ports.map((port) => this.#start(port)));
  }

  /** Resolves when each has got a request. */
  async found(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (instance) => instance.told('found')));
  }

  /**
   * Stops the one on the port and starts another there. Resolves when that one is in use, not when it listens:
   * nginx leaves it alone for a while, and the next one must not go before.
   */
  async restart(port: string): Promise<void> {
    await this.#stop(port);
    const instance = await this.#start(port);
    await instance.told('found');
    this.restarts += 1;
  }

  async stop(): Promise<void> {
    await Promise.all(this.ports.map((port) => this.#stop(port)));
  }

  async #start(port: string): Promise<Program<InstanceMessage>> {
    const instance = new Program<InstanceMessage>('shop.js', port);
    this.#running.set(port, instance);
    await instance.told('listening');
    return instance;
  }

  async #stop(port: string): Promise<void> {
    const instance = this.#running.get(port);
    if (instance === undefined) return;
    instance.kill('SIGTERM');
    const exitCode = await instance.ended;
    if (exitCode !== 0) this.unclean.push(`the instance on ${port} ended with ${String(exitCode)}`);
    this.taken += (await instance.told('drained')).taken;
  }
}
