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

/** Clients on connections of their own, each with one request after the other until it is refused. */
export async function placeOrders(url: string, clients: number): Promise<Seen> {
  const seen = { answered: 0, failures: new Array<string>() };
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await sleep(index * 5);
      for (let outcome = 'answered'; outcome !== 'refused'; await sleep(THINK_TIME)) {
        outcome = await placeOrder(url, agent);
        if (outcome === 'answered') seen.answered += 1;
        else if (outcome !== 'refused') seen.failures.push(outcome);
      }
      agent.destroy();
    }),
  );
  return seen;
}

/** A refused connection is no failure: nothing was sent, and a balancer goes on to the next instance. */
function placeOrder(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(`${url}/orders`, { agent }, (response) => {
      response.resume();
      response.once('error', () => resolve('cut'));
      response.once('end', () =>
        resolve(response.statusCode === 200 ? 'answered' : `${response.statusCode}`),
      );
    });
    sent.once('error', (error) => {
      const code: unknown = Reflect.get(error, 'code');
      resolve(code === 'ECONNREFUSED' ? 'refused' : String(code));
    });
    sent.end();
  });
}
