import type { InstanceMessage } from './messages.js';
import { Program } from './program.js';

/** How an instance stopped. */
export interface Stopped {
  readonly port: string;
  readonly exitCode: unknown;
  readonly ms: number;
  /** How many pieces of work it finished between the signal and its exit. */
  readonly finished: number;
  readonly timeline: string;
}

/** The instances of the service, one on each port. */
export class Instances implements Disposable {
  readonly #running = new Map<string, Program<InstanceMessage>>();
  /** The running and the stopped instances. */
  readonly #all: Program<InstanceMessage>[] = [];

  constructor(
    private readonly run: string,
    readonly ports: readonly string[],
  ) {}

  /** All messages of all instances. */
  get told(): readonly InstanceMessage[] {
    return this.#all.flatMap(({ messages }) => messages);
  }

  /** Starts one on each port. Resolves when all take work. */
  async start(): Promise<void> {
    await Promise.all(this.ports.map((port) => this.#start(port)));
  }

  /** Stops the instance on the port, and starts another there when it has exited: the port is free at once. */
  async restart(port: string): Promise<Stopped> {
    const stopped = await this.#stop(port);
    await this.#start(port);
    return stopped;
  }

  async stop(): Promise<readonly Stopped[]> {
    return Promise.all(this.ports.map((port) => this.#stop(port)));
  }

  [Symbol.dispose](): void {
    for (const instance of this.#all) instance[Symbol.dispose]();
  }

  async #start(port: string): Promise<void> {
    const instance = new Program<InstanceMessage>('instance.js', [port, this.run]);
    this.#running.set(port, instance);
    this.#all.push(instance);
    await instance.told('listening');
  }

  async #stop(port: string): Promise<Stopped> {
    const instance = this.#running.get(port);
    if (instance === undefined) throw new Error(`Nothing runs on ${port}`);
    const done = (): number => instance.messages.filter(({ kind }) => kind === 'done').length;
    const [doneBefore, startedAt] = [done(), Date.now()];
    instance.kill('SIGTERM');
    const exitCode = await instance.ended;
    const { timeline } = await instance.told('stopped');
    return { port, exitCode, ms: Date.now() - startedAt, finished: done() - doneBefore, timeline };
  }
}
