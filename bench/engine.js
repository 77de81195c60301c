// What the engine adds to tasks that do nothing: 1 000, 10 000 and 100 000 of them, in each mode, against a
// bare Promise.all over the same functions. In `dependency` mode the owners inject each other in chains of
// ten. Base and engine take turns in every round; medians of the rounds are shown.
//
// Below that, what the channels of the tracing cost while nobody listens to them: the engine with them against the
// engine without, in rounds there and back, by the time of the processor; and the engine without against itself,
// which tells how much of that is noise.
//
//   npm run bench:engine [rounds]
import { InjectionGraph } from '../build/engine/plan/injection-graph.js';
import { MistakeList } from '../build/engine/plan/mistake.js';
import { PhaseGraph } from '../build/engine/plan/phase-graph.js';
import { ShutdownRun } from '../build/engine/run/shutdown-run.js';
import { TaskRegistry } from '../build/engine/run/task-registry.js';
import { traceRun } from '../build/engine/tracing/run-tracer.js';
import { median, table } from './table.js';

const ROUNDS = Number(process.argv[2] ?? 15);
const COUNTS = [1_000, 10_000, 100_000];
const MODES = ['parallel', 'sequential', 'dependency'];
const CHAIN = 10;
/** The ratio is near 1: it takes many short rounds to tell it from the noise. */
const TRACED_ROUNDS = ROUNDS * 40;
const TRACED_COUNT = 1_000;

const clock = {
  now: () => Date.now(),
  dateOf: (moment) => moment,
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};

const rows = [];
for (const mode of MODES) {
  for (const count of COUNTS) rows.push(row(mode, count, await measure(mode, count)));
}
console.log(
  `${ROUNDS} rounds on Node ${process.version}; "added" is the engine's time over the base, for each task`,
);
console.log(
  table(
    [
      'mode',
      'tasks',
      'base ms',
      'run ms',
      'ratio',
      'added µs',
      'plan base ms',
      'plan ms',
      'ratio',
      'added µs',
    ],
    rows,
  ),
);

const tracedRows = [];
for (const mode of MODES) tracedRows.push(tracedRow(mode, await measureTraced(mode)));
console.log(`\n${TRACED_ROUNDS} rounds of ${TRACED_COUNT} tasks; medians of the rounds`);
console.log(table(['mode', 'without ms', 'with, no subscriber ms', 'ratio', 'against itself'], tracedRows));

async function measure(mode, count) {
  const { tasks, injections } = tasksOf(count);
  const rounds = [];
  // The first rounds, in which the code is still being compiled, are left out.
  const warmUp = Math.max(2, Math.ceil(30_000 / count));
  for (let round = -warmUp; round < ROUNDS; round += 1) {
    const planBase = time(() => new Map(tasks.map((task) => [task.name, task])));
    let registry;
    const plan = time(() => {
      registry = planned(mode, tasks, injections);
    });
    const base = () => Promise.all(tasks.map((task) => task.run()));
    const ours = () => runOf(registry, count);
    const turns = round % 2 === 0 ? [base, ours] : [ours, base];
    const times = new Map();
    for (const turn of turns) times.set(turn, await timeAsync(turn));
    if (round >= 0) rounds.push({ planBase, plan, base: times.get(base), run: times.get(ours) });
  }
  return rounds;
}

async function measureTraced(mode) {
  const { tasks, injections } = tasksOf(TRACED_COUNT);
  const without = (registry) => runOf(registry, TRACED_COUNT);
  const traced = (registry) => runOf(registry, TRACED_COUNT, traceRun);
  const again = (registry) => runOf(registry, TRACED_COUNT);
  const rounds = [];
  for (let round = -30; round < TRACED_ROUNDS; round += 1) {
    const turns = [without, traced, again];
    const times = new Map(turns.map((turn) => [turn, 0]));
    for (const turn of [...turns, ...turns.toReversed()]) {
      const registry = planned(mode, tasks, injections);
      const before = process.cpuUsage();
      await turn(registry);
      const { user, system } = process.cpuUsage(before);
      times.set(turn, times.get(turn) + (user + system) / 2_000);
    }
    if (round >= 0) rounds.push(turns.map((turn) => times.get(turn)));
  }
  return rounds;
}

function tracedRow(mode, rounds) {
  const [without, traced] = [0, 1].map((turn) => median(rounds.map((times) => times[turn])).toFixed(2));
  const ratioOf = (turn) => median(rounds.map((times) => times[turn] / times[0])).toFixed(3);
  return [mode, without, traced, ratioOf(1), ratioOf(2)];
}

function row(mode, count, rounds) {
  const of = (key) => median(rounds.map((round) => round[key]));
  const compared = (base, ours) => [
    of(base).toFixed(2),
    of(ours).toFixed(2),
    median(rounds.map((round) => round[ours] / round[base])).toFixed(1),
    median(rounds.map((round) => ((round[ours] - round[base]) * 1_000) / count)).toFixed(2),
  ];
  return [mode, count, ...compared('base', 'run'), ...compared('planBase', 'plan')];
}

function tasksOf(count) {
  const owners = Array.from({ length: count }, (_, index) => ({ index }));
  const tasks = owners.map((owner, index) => ({
    name: `Provider${index}.close`,
    phase: 'close',
    owner,
    run: async () => undefined,
  }));
  const injections = new Map(
    owners.map((owner, index) => [
      owner,
      index % CHAIN === CHAIN - 1 ? [] : owners.slice(index + 1, index + 2),
    ]),
  );
  return { tasks, injections };
}

function planned(mode, tasks, injections) {
  const mistakes = new MistakeList();
  const registry = new TaskRegistry(PhaseGraph.from([{ name: 'close', mode, timeout: 60_000 }], mistakes));
  registry.seal(tasks, { injections: new InjectionGraph(injections), mistakes });
  return registry;
}

async function runOf(registry, count, follow) {
  const run = new ShutdownRun(registry, { clock, limit: 120_000, progressInterval: 5_000 });
  let finished = 0;
  run.listen(({ type }) => {
    if (type === 'task-finished') finished += 1;
  });
  // As the module asks when a run begins.
  const listener = follow?.(() => undefined);
  if (listener !== undefined) run.listen(listener);
  await run.start({ kind: 'close' });
  if (finished !== count) throw new Error(`${finished} of ${count} tasks finished`);
}

function time(work) {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

async function timeAsync(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
