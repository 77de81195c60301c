import { randomUUID } from 'node:crypto';
import { ForkedProgram, type Ended } from '../process/fork.js';
import { Balancer, freePort } from './balancer.js';

/** How often each replacement is done: `ROUNDS=10` does it ten times. */
export const ROUNDS = Number(process.env['ROUNDS'] ?? 1);

/** How many messages an instance finishes before it is replaced, where there are several rounds. */
const BUSY = 50;

/** More messages than any number of rounds takes: the producer stops when it is told. */
const UNTIL_TOLD = 1_000_000;

/** Milliseconds that are waited for a message to be done a second time, once all have been done. */
const QUIET = 600;

/** Milliseconds without a line after which what is not done counts as lost: a busy machine may pause for seconds. */
const PATIENCE = 10_000;

/** The transports without a broker: the instances listen themselves, behind a balancer. */
const BROKERLESS: ReadonlySet<string> = new Set(['grpc', 'socketio', 'tcp', 'ws']);

/** The transports whose instances are gateways. */
const SOCKETS: ReadonlySet<string> = new Set(['socketio', 'ws']);

/** How an instance is replaced while messages come in. */
export interface Replacement {
  readonly transport: string;
  readonly kind: 'event' | 'rpc';
  /** How the application is made; or where its gateway listens. */
  readonly shape: 'micro' | 'hybrid' | 'app port' | 'own port';
  readonly major: 11 | 12;
  /** Whether the new instance is up before the old one is told to stop, or started when that has ended. */
  readonly mode: 'rolling' | 'restart';
  /** Messages in all. @default 120 */
  readonly count?: number;
  /** Messages in a second. @default 100 */
  readonly rate?: number;
  /** Milliseconds that a handler takes. @default 300 */
  readonly handlerMs?: number;
  /** Milliseconds of the phase in which it drains. @default 15 000 */
  readonly drainTimeout?: number;
  /** Milliseconds after which a caller gives up: longer than the new instance takes to boot. @default 120 000 */
  readonly patience?: number;
  /** The programs that it is done with. @default those of the transport */
  readonly programs?: { readonly consumer: string; readonly producer: string };
  /** Pieces of work in all, where a message brings more of them; each round is then a stream of its own. */
  readonly pieces?: number;
  /** Further arguments of all programs. */
  readonly flags?: readonly string[];
}

/** What became of the messages, by their numbers. */
export interface Fate {
  /** No handler has ended. */
  readonly lost: readonly number[];
  /** Handlers of more than one instance, or of one twice, have ended. */
  readonly twice: readonly number[];
  /** A handler of the old instance has started and not ended. */
  readonly unfinished: readonly number[];
  /** What its callers were told, where not the answer, and what handlers could not do. */
  readonly errors: readonly string[];
}

/** How the replacement went. */
export interface Replaced extends Fate {
  /** That of the first instance that did not end with 0. */
  readonly code: number | null;
  /** Milliseconds from the signal to the end of the old instance, in the slowest round. */
  readonly exitMs: number;
  /** How many messages the old instances have finished, and how many of these after the signal, in the least round. */
  readonly finished: number;
  readonly finishedLate: number;
  /** What the old instances printed. */
  readonly lines: readonly string[];
}

/** How many replacements run side by side, each with three processes. */
const SIDE_BY_SIDE = 4;

// A replacement takes three seconds on an idle machine, and many times that on a busy one.
import.meta.jest.setTimeout(ROUNDS * 300_000);

/**
 * Does replacements side by side before the tests of a suite, in as many rounds as there are to be; answers with
 * what became of each.
 */
export function replacements<T extends Replacement>(
  wanted: readonly T[],
): (replacement: T) => readonly Replaced[] {
  const done = new Map<T, readonly Replaced[]>();
  beforeAll(async () => {
    const queue = [...wanted];
    const work = async (): Promise<void> => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        const rounds = each.pieces === undefined ? [await replace(each, ROUNDS)] : await oneByOne(each);
        done.set(each, rounds);
        for (const replaced of rounds) tally(each, replaced);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  });
  return (replacement) => {
    const replaced = done.get(replacement);
    if (replaced === undefined) throw new Error('It was not replaced.');
    return replaced;
  };
}

async function oneByOne(each: Replacement): Promise<readonly Replaced[]> {
  const rounds: Replaced[] = [];
  while (rounds.length < ROUNDS) rounds.push(await replace(each));
  return rounds;
}

/** Prints the counts of all rounds: with ten rounds they are the proof. */
function tally(way: Replacement, replaced: Replaced): void {
  const { unfinished, lost, twice, errors, finished, finishedLate, exitMs } = replaced;
  const counts = [
    `${unfinished.length} unfinished`,
    `${lost.length} lost`,
    `${twice.length} twice`,
    `${errors.length} callers' errors`,
    `${finished} finished by those replaced, at least ${finishedLate} of them after each signal`,
    `out within ${Math.round(exitMs)} ms`,
  ];
  const title = [way.transport, titleOf(way), ...(way.flags ?? [])].join(' ');
  const rounds = way.pieces === undefined ? `${ROUNDS} in a row` : `${way.pieces} pieces`;
  process.stdout.write(`${title}, ${rounds}: ${counts.join(', ')}\n`);
}

/** How a replacement is called in the title of a test. */
export function titleOf({ kind, shape, mode, major }: Replacement): string {
  return `${kind}, ${shape}, ${mode}, Nest ${major}`;
}

/** Whether every combination is tried, or a part that has each member of each. */
export const IS_FULL = process.env['TEST_SERVICES'] === 'full';

/**
 * Whether a way is taken: all are with `TEST_SERVICES=full`. Else every other, so that each pair of a kind, a shape and a
 * major is still there.
 */
export function isTaken({ kind, shape, major }: Replacement): boolean {
  if (IS_FULL) return true;
  const isFirstShape = shape === 'micro' || shape === 'app port';
  return ((major === 12) !== (kind === 'rpc')) === isFirstShape;
}

/** Each kind in each shape on each major, as far as they are taken. */
export function everyWay(transport: string, mode: Replacement['mode']): readonly Replacement[] {
  return ([11, 12] as const).flatMap((major) =>
    (['event', 'rpc'] as const).flatMap((kind) =>
      (['micro', 'hybrid'] as const)
        .map((shape) => ({ transport, kind, shape, major, mode }))
        .filter((way) => isTaken(way)),
    ),
  );
}

/**
 * Replaces an instance by another in the middle of a stream of numbered messages, and counts. Several rounds are
 * one stream through as many replacements, one after another.
 */
export async function replace(replacement: Replacement, rounds = 1): Promise<Replaced> {
  const ports = BROKERLESS.has(replacement.transport)
    ? await Promise.all(Array.from({ length: rounds + 1 }, freePort))
    : [];
  const balancer = await Balancer.start(ports);
  try {
    return await replaceBehind(balancer, replacement, { ports, rounds });
  } finally {
    balancer.stop();
  }
}

async function replaceBehind(
  balancer: Balancer,
  replacement: Replacement,
  { ports, rounds }: { readonly ports: readonly number[]; readonly rounds: number },
): Promise<Replaced> {
  const { count = 120, mode, major } = replacement;
  const args = argumentsFor(replacement, rounds === 1 ? count : UNTIL_TOLD);
  const start = async (name: string, port = 0): Promise<ForkedProgram> => {
    const program = new ForkedProgram(name, { folder: 'services', major, args: [...args, `--port=${port}`] });
    await program.printed('started');
    return program;
  };

  const ends: Ended[] = [];
  const late: number[] = [];
  const { consumer: instance, producer: sender } = replacement.programs ?? {
    consumer: SOCKETS.has(replacement.transport) ? 'gateway' : 'consumer',
    producer: 'producer',
  };
  let old = await start(instance, ports[0]);
  let early = mode === 'rolling' ? await start(instance, ports[1]) : undefined;
  const producer = await start(sender, balancer.port);
  for (let round = 1; round <= rounds; round += 1) {
    if (rounds === 1) {
      await producer.printed(`sent ${Math.floor(count / 2)}`);
      await underWay(old, producer);
    } else await busy(old);
    const before = numbersIn(old.lines, 'end').length;
    await old.signalAt('started', 'SIGTERM');
    const ended = await old.ended;
    ends.push(ended);
    late.push(numbersIn(ended.lines, 'end').length - before);
    old = early ?? (await start(instance, ports[round]));
    early = mode === 'rolling' && round < rounds ? await start(instance, ports[round + 1]) : undefined;
  }
  if (rounds > 1) await producer.signalAt('started', 'SIGTERM');
  await producer.ended;
  const wanted = wantedOf(replacement, producer.lines);
  await quiet(old, () => {
    const done = new Set([...ends, old].flatMap((each) => numbersIn(each.lines, 'end')));
    return wanted.every((n) => done.has(n));
  });
  await old.signalAt('started', 'SIGTERM');
  const { lines: nextLines } = await old.ended;

  const lines = ends.flatMap((each) => each.lines);
  return {
    ...fateOf({ lines, nextLines, told: producer.lines, wanted }),
    code: ends.find(({ code }) => code !== 0)?.code ?? 0,
    exitMs: Math.max(...ends.map(({ durationMs }) => durationMs)),
    finished: numbersIn(lines, 'end').length,
    finishedLate: Math.min(...late),
    lines,
  };
}

/** Resolves when an instance has something in flight, or nothing comes any more. */
async function underWay({ lines }: ForkedProgram, { ended }: ForkedProgram): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  const isIdle = (): boolean => numbersIn(lines, 'start').length <= numbersIn(lines, 'end').length;
  while (isIdle() && !over.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Resolves when an instance has had work for a while, and so has some in flight. */
async function busy({ lines }: ForkedProgram): Promise<void> {
  const enough = numbersIn(lines, 'end').length + BUSY;
  while (numbersIn(lines, 'end').length < enough) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What all programs of a replacement are told; its messages go where no other test listens. */
function argumentsFor(replacement: Replacement, count: number): readonly string[] {
  const { rate = 100, handlerMs = 300, drainTimeout = 15_000, patience = 120_000, flags = [] } = replacement;
  return [
    `--transport=${replacement.transport}`,
    `--kind=${replacement.kind}`,
    `--shape=${replacement.shape}`,
    `--topic=test-${randomUUID()}`,
    `--count=${count}`,
    `--rate=${rate}`,
    `--handler=${handlerMs}`,
    `--drain=${drainTimeout}`,
    `--patience=${patience}`,
    ...flags,
  ];
}

/** The numbers of what is to be done: what the producer has sent, or the pieces that this was to bring. */
function wantedOf({ pieces }: Replacement, told: readonly string[]): readonly number[] {
  return pieces === undefined ? numbersIn(told, 'sent') : Array.from({ length: pieces }, (_, n) => n);
}

function fateOf({
  lines,
  nextLines,
  told,
  wanted,
}: {
  readonly lines: readonly string[];
  readonly nextLines: readonly string[];
  readonly told: readonly string[];
  readonly wanted: readonly number[];
}): Fate {
  const ended = new Set(numbersIn(lines, 'end'));
  const times = new Map<number, number>();
  for (const n of [...numbersIn(lines, 'end'), ...numbersIn(nextLines, 'end')]) {
    times.set(n, (times.get(n) ?? 0) + 1);
  }
  return {
    lost: wanted.filter((n) => !times.has(n)),
    twice: [...times].filter(([, count]) => count > 1).map(([n]) => n),
    unfinished: numbersIn(lines, 'start').filter((n) => !ended.has(n)),
    errors: [...told, ...lines, ...nextLines].filter((line) => line.startsWith('error ')),
  };
}

/** Resolves when all is done and nothing seems to be done twice, or when the instance has printed nothing for long. */
async function quiet({ lines }: ForkedProgram, isDone: () => boolean): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET));
  let seen = { count: lines.length, at: performance.now() };
  while (!isDone() && performance.now() - seen.at < PATIENCE) {
    await pause();
    if (lines.length > seen.count) seen = { count: lines.length, at: performance.now() };
  }
  await pause();
}

/** The numbers of the lines that begin with a word. */
function numbersIn(lines: readonly string[], word: string): readonly number[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));
}

/** A replacement that nobody noticed. */
export const UNNOTICED: Fate & { readonly code: number } = {
  lost: [],
  twice: [],
  unfinished: [],
  errors: [],
  code: 0,
};
