import type { InstanceMessage } from './messages.js';
import { Program } from './program.js';

/** The instances of the shop, one on each port. */
export class Instances {
  readonly #running = new Map<string, Program<InstanceMessage>>();
  /** Orders that the stopped instances took. */
  taken = 0;
  restarts = 0;
  /** Instances that exited with another code than 0. */
  readonly unclean: string[] = [];

  constructor(readonly ports: readonly string[]) {}

  /** Starts one on each port. Resolves when all listen. */
  async start(): Promise<void> {
    await Promise.all(this.ports.map((port) => this.#start(port)));
  }

  /** Resolves when each has received a request. */
  async found(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (instance) => instance.told('found')));
  }

  /**
   * Replaces the instance on the port. Resolves when the new one receives requests, not when it listens: nginx avoids it
   * for a while, and the next instance must not stop before that.
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
