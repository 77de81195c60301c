import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between the answer to a client and its next request. */
const THINK_TIME = 20;

/** What the clients of one application saw. */
export interface Seen {
  readonly answered: number;
  /** What was no answer, by kind. */
  readonly failures: readonly string[];
}

/** Clients at work. */
export interface Load {
  /** Resolves when each client has been answered. */
  readonly warm: Promise<unknown>;
  /** Resolves when all clients have left. */
  readonly seen: Promise<Seen>;
}

/**
 * Clients on connections of their own, each with one request after the other. A client leaves when it is refused, or
 * when an answer says `Connection: close`: there is a balancer in front, which has other instances. Nothing failed
 * then, since nothing more was sent.
 */
export function placeOrders(url: string, clients: number): Load {
  const seen = { answered: 0, failures: new Array<string>() };
  const running = Array.from({ length: clients }, (_, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let warm: () => void = () => undefined;
    const isWarm = new Promise<void>((resolve) => {
      warm = resolve;
    });
    const placeAll = async (): Promise<void> => {
      await sleep(index * 5);
      for (let outcome = 'answered'; outcome !== 'left'; await sleep(THINK_TIME)) {
        outcome = await placeOrder(url, agent);
        if (outcome === 'answered' || outcome === 'answered, go') seen.answered += 1;
        else if (outcome !== 'left') seen.failures.push(outcome);
        if (outcome === 'answered, go') outcome = 'left';
        warm();
      }
      agent.destroy();
    };
    return { isWarm, left: placeAll() };
  });
  return {
    warm: Promise.all(running.map(({ isWarm }) => isWarm)),
    seen: Promise.all(running.map(({ left }) => left)).then(() => seen),
  };
}

function placeOrder(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(`${url}/orders`, { agent }, (response) => {
      response.resume();
      response.once('error', () => resolve('cut'));
      response.once('end', () => {
        const { connection } = response.headers;
        if (response.statusCode !== 200) resolve(`${response.statusCode}`);
        else resolve(connection === 'close' ? 'answered, go' : 'answered');
      });
    });
    sent.once('error', (error) => {
      const code: unknown = Reflect.get(error, 'code');
      resolve(code === 'ECONNREFUSED' ? 'left' : String(code));
    });
    sent.end();
  });
}
