import { Agent, request } from 'node:http';
import { ForkedProgram } from './fork.js';

/** How often it is restarted: `RESTARTS=100` does it a hundred times. */
const RESTARTS = Number(process.env.RESTARTS ?? 10);

const agents = new Set<Agent>();

afterEach(() => {
  for (const agent of agents) agent.destroy();
});

function status(agent: Agent, port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: '127.0.0.1', port, path }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    asked.once('error', reject).end();
  });
}

test(
  `an application restarted ${RESTARTS} times gets its port each time, with clients connected`,
  async () => {
    const ends: unknown[] = [];
    let port = 0;
    for (let round = 0; round < RESTARTS; round += 1) {
      const kind = round % 2 === 0 ? 'fastify' : 'express';
      const program = new ForkedProgram('http-shop', { args: [kind, String(port)] });
      await program.printed('started');
      port = Number(program.lines.find((line) => line.startsWith('port '))?.slice('port '.length));
      const agent = new Agent({ keepAlive: true });
      agents.add(agent);
      const answers = await Promise.all(Array.from({ length: 5 }, () => status(agent, port, '/quick')));
      const slow = status(agent, port, '/slow');
      await program.signalAt('slow(', 'SIGTERM');
      const { code, errors } = await program.ended;
      ends.push({ code, errors, answers: [...answers, await slow] });
    }

    const clean = { code: 0, errors: [], answers: Array.from({ length: 6 }, () => 200) };
    expect(ends).toEqual(Array.from({ length: RESTARTS }, () => clean));
  },
  RESTARTS * 5_000,
);
