import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between a response and the next request of that client. */
const THINK_TIME = 20;

/** What the clients of one app saw. */
export interface Seen {
  readonly answered: number;
  /** The requests without an answer, by kind. */
  readonly failures: readonly string[];
}

/** Running clients. */
export interface Load {
  /** Resolves when each client has received a response. */
  readonly warm: Promise<unknown>;
  /** Resolves when all clients have left. */
  readonly seen: Promise<Seen>;
}

/**
 * Clients on separate connections, each with one request after the other. A client leaves when it is refused, or when a
 * response says `Connection: close`, as behind a balancer with other instances. That is not a failure, since the client
 * sends nothing more.
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
