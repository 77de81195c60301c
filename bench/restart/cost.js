// What the module costs on the request path: processor time of the server for each request to a bare route,
// with the module over without, beside a control that has none either. In each round the three are fresh
// processes; the load turns among them in slices, and what is compared are slices of the same turn, so that
// whatever else the machine does meets all alike. A round is the median of its turns.
//
//   npm run bench:cost [rounds]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, table } from '../table.js';

const WARM_UP = 10_000;
const TURNS = 25;
const SLICE = 4_000;
const SERVERS = [
  { role: 'without', variant: 'none' },
  { role: 'with', variant: 'ours' },
  { role: 'control', variant: 'none' },
];

const rounds = Number(process.argv[2] ?? 10);
console.log(
  `microseconds of the server's processor for each of ${TURNS * SLICE} requests over 50 connections; ` +
    `median (min–max) of ${rounds} paired rounds on Node ${process.version}`,
);
const rows = [];
for (const adapter of ['express', 'fastify']) {
  const results = [];
  for (let round = 0; round < rounds; round += 1) {
    results.push(await measure(adapter, round));
    console.error(`${adapter} ${round + 1}/${rounds}`);
  }
  rows.push(row(adapter, results));
}
console.log(
  table(['adapter', 'without µs', 'with µs', 'with / without', 'control / without', 'above'], rows),
);

function row(adapter, results) {
  const ratios = (role) => results.map((turns) => median(turns.map((turn) => turn[role] / turn.without)));
  const micros = (role) => median(results.flat().map((turn) => turn[role])).toFixed(1);
  const spread = (values) =>
    `${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})`;
  const above = median(ratios('with')) - median(ratios('control'));
  return [
    adapter,
    micros('without'),
    micros('with'),
    spread(ratios('with')),
    spread(ratios('control')),
    above.toFixed(3),
  ];
}

/** Microseconds for each request, by the role of the server, of each turn. */
async function measure(adapter, round) {
  const programs = [];
  const start = (file, args) => {
    const program = fork(fileURLToPath(new URL(file, import.meta.url)), args);
    programs.push(program);
    return program;
  };
  try {
    const load = start('cost-load.js', []);
    const servers = [];
    for (const { role, variant } of turned(SERVERS, round)) {
      const program = start('cost-server.js', [variant, adapter]);
      const port = await toldBy(program);
      servers.push({ role, program, port });
      await ask(load, { port, requests: WARM_UP });
    }
    const turns = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const micros = {};
      for (const { role, program, port } of turned(servers, turn)) {
        const before = await ask(program, 'spent');
        await ask(load, { port, requests: SLICE });
        micros[role] = ((await ask(program, 'spent')) - before) / SLICE;
      }
      turns.push(micros);
    }
    return turns;
  } finally {
    for (const program of programs) program.kill('SIGKILL');
  }
}

/** The list from another beginning, so that no one always runs behind the same neighbour. */
function turned(list, by) {
  const from = by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

function ask(program, question) {
  const answer = toldBy(program);
  program.send(question);
  return answer;
}

async function toldBy(program) {
  const ended = new AbortController();
  const fail = (code) => ended.abort(new Error(`${program.spawnargs.slice(1).join(' ')} ended with ${code}`));
  program.once('exit', fail);
  const [message] = await once(program, 'message', { signal: ended.signal });
  program.off('exit', fail);
  return message;
}
