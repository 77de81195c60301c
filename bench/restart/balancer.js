import { exchange } from './exchange.js';

const PROBE_INTERVAL = 100;

/** Sends clients to the first instance that answers its probe with 200. */
export class Balancer {
  #instances;
  #timer;

  constructor(instances) {
    this.#instances = instances.map((instance) => ({ ...instance, isReady: false }));
  }

  async start() {
    await this.#probe();
    this.#timer = setInterval(() => void this.#probe(), PROBE_INTERVAL);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** The instance for the next request; where none is ready, none. */
  pick() {
    return this.#instances.find(({ isReady }) => isReady);
  }

  /** Whoever refuses gets nothing more before it answers a probe. */
  refused(instance) {
    instance.isReady = false;
  }

  async #probe() {
    await Promise.all(
      this.#instances.map(async (instance) => {
        const { status } = await exchange(instance.probeUrl, false);
        instance.isReady = status === 200;
      }),
    );
  }
}
