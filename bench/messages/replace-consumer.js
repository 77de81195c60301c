import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { forward, freePort } from './forward.js';

const PROGRAMS = fileURLToPath(new URL('../../build/services/', import.meta.url));
const COUNT = 120;
/** Milliseconds without a line after which nothing more is expected. */
const QUIET = 600;

/** The transports whose instances listen themselves, behind one port that stays. */
const BROKERLESS = new Set(['tcp', 'grpc']);

/** Replaces a consumer by another, which is up before; answers with the counts. */
export async function replaceConsumer({ transport, kind, topic, flags }) {
  const args = [`--transport=${transport}`, `--kind=${kind}`, `--topic=${topic}`, `--count=${COUNT}`];
  const ports = BROKERLESS.has(transport) ? [await freePort(), await freePort()] : [0, 0];
  const balancer = BROKERLESS.has(transport) ? await forward(ports) : { port: 0, stop: () => undefined };
  const programs = [];
  const start = async (name, more = []) => {
    const program = new Program(name, [...args, ...more]);
    programs.push(program);
    await program.printed('started');
    return program;
  };
  try {
    const old = await start('consumer', [...flags, `--port=${ports[0]}`]);
    const next = await start('consumer', [...flags, `--port=${ports[1]}`]);
    const producer = await start('producer', [`--port=${balancer.port}`]);
    await producer.printed(`sent ${COUNT / 2}`);
    const signalAt = performance.now();
    old.child.kill('SIGTERM');
    await old.ended;
    const exitMs = performance.now() - signalAt;
    await producer.ended;
    await next.quiet();
    return { ...countsOf({ old, next, producer }), exitMs: Math.round(exitMs) };
  } finally {
    for (const { child } of programs) child.kill('SIGKILL');
    balancer.stop();
  }
}

function countsOf({ old, next, producer }) {
  const ended = new Set(old.numbers('end'));
  const times = new Map();
  for (const n of [...old.numbers('end'), ...next.numbers('end')]) times.set(n, (times.get(n) ?? 0) + 1);
  return {
    unfinished: old.numbers('start').filter((n) => !ended.has(n)).length,
    lost: producer.numbers('sent').filter((n) => !times.has(n)).length,
    twice: [...times.values()].filter((count) => count > 1).length,
    errors: producer.lines.filter((line) => line.startsWith('error ')).length,
  };
}

/** One of the programs of the tests in a process of its own. */
class Program {
  lines = [];
  #waiting = new Map();

  constructor(name, args) {
    this.child = spawn(process.execPath, [`${PROGRAMS}${name}.js`, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(this.child.stdout).on('line', (line) => {
      this.lines.push(line);
      this.#waiting.get(line)?.();
    });
    this.ended = once(this.child, 'close');
  }

  async printed(line) {
    if (this.lines.includes(line)) return;
    const printed = new Promise((resolve) => {
      this.#waiting.set(line, resolve);
    });
    const ended = this.ended.then(() => {
      throw new Error(`It ended without '${line}'.`);
    });
    ended.catch(() => undefined);
    await Promise.race([printed, ended]);
  }

  async quiet() {
    for (let before = -1; before < this.lines.length;) {
      before = this.lines.length;
      await sleep(QUIET);
    }
  }

  /** The numbers of the lines that begin with a word. */
  numbers(word) {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));
  }
}
