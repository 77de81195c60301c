import { randomUUID } from 'node:crypto';
import { ForkedProgram } from '../process/fork.js';
import { Balancer, freePort } from './balancer.js';

/** How often each replacement is done: `ROUNDS=10` does it ten times. */
export const ROUNDS = Number(process.env['ROUNDS'] ?? 1);

/** Milliseconds without a line after which nothing more is expected. */
const QUIET = 600;

/** Milliseconds that an instance may take to begin, where it is known how much is to be done. */
const PATIENCE = 5_000;

/** The transports without a broker: the instances listen themselves, behind a balancer. */
const BROKERLESS: ReadonlySet<string> = new Set(['grpc', 'tcp']);

/** How an instance is replaced while messages come in. */
export interface Replacement {
  readonly transport: string;
  readonly kind: 'event' | 'rpc';
  readonly shape: 'micro' | 'hybrid';
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
  /** The programs that it is done with. @default those for transports */
  readonly programs?: { readonly consumer: string; readonly producer: string };
  /** Pieces of work in all, where a message brings more of them. @default the count */
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
  readonly code: number | null;
  /** Milliseconds from the signal to the end of the old instance. */
  readonly exitMs: number;
  /** How many messages the old instance has finished, and how many of these after the signal. */
  readonly finished: number;
  readonly finishedLate: number;
  /** What the old instance printed. */
  readonly lines: readonly string[];
}

// A replacement takes three seconds on an idle machine, and several run side by side.
import.meta.jest.setTimeout(ROUNDS * 60_000);

/**
 * Does replacements side by side before the tests of a suite, in as many rounds as there are to be; answers with
 * what became of each.
 */
export function replacements<T extends Replacement>(
  wanted: readonly T[],
): (replacement: T) => readonly Replaced[] {
  const done = new Map<T, Replaced[]>();
  beforeAll(async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(
        wanted.map(async (each) => {
          const replaced = await replace(each);
          done.set(each, [...(done.get(each) ?? []), replaced]);
        }),
      );
    }
  });
  return (replacement) => {
    const rounds = done.get(replacement) ?? [];
    expect(rounds).toHaveLength(ROUNDS);
    return rounds;
  };
}

/** How a replacement is called in the title of a test. */
export function titleOf({ kind, shape, mode, major }: Replacement): string {
  return `${kind}, ${shape}, ${mode}, Nest ${major}`;
}

/** Each kind in each shape on each major. */
export function everyWay(transport: string, mode: Replacement['mode']): readonly Replacement[] {
  return ([11, 12] as const).flatMap((major) =>
    (['event', 'rpc'] as const).flatMap((kind) =>
      (['micro', 'hybrid'] as const).map((shape) => ({ transport, kind, shape, major, mode })),
    ),
  );
}

/** Replaces an instance by another in the middle of a stream of numbered messages, and counts. */
export async function replace(replacement: Replacement): Promise<Replaced> {
  const { count = 120, rate = 100, handlerMs = 300, drainTimeout = 15_000, major, mode } = replacement;
  const { consumer, producer: sender } = replacement.programs ?? {
    consumer: 'consumer',
    producer: 'producer',
  };
  const args = [
    `--transport=${replacement.transport}`,
    `--kind=${replacement.kind}`,
    `--shape=${replacement.shape}`,
    `--topic=test-${randomUUID()}`,
    `--count=${count}`,
    `--rate=${rate}`,
    `--handler=${handlerMs}`,
    `--drain=${drainTimeout}`,
    ...(replacement.flags ?? []),
  ];
  const start = async (name: string, port = 0): Promise<ForkedProgram> => {
    const program = new ForkedProgram(name, { folder: 'services', major, args: [...args, `--port=${port}`] });
    await program.printed('started');
    return program;
  };

  const ports = BROKERLESS.has(replacement.transport) ? [await freePort(), await freePort()] : [];
  const balancer = await Balancer.start(ports);
  const old = await start(consumer, ports[0]);
  const early = mode === 'rolling' ? await start(consumer, ports[1]) : undefined;
  const producer = await start(sender, balancer.port);
  await producer.printed(`sent ${Math.floor(count / 2)}`);
  const before = numbersIn(old.lines, 'end').length;
  await old.signalAt('started', 'SIGTERM');
  const { code, durationMs: exitMs, lines } = await old.ended;
  const next = early ?? (await start(consumer, ports[1]));
  await producer.ended;
  const all = replacement.pieces ?? Infinity;
  await quiet(next, {
    ms: replacement.pieces === undefined ? QUIET : PATIENCE,
    isDone: () => numbersIn([...lines, ...next.lines], 'end').length >= all,
  });
  await next.signalAt('started', 'SIGTERM');
  const { lines: nextLines } = await next.ended;
  balancer.stop();

  const finished = numbersIn(lines, 'end');
  return {
    ...fateOf({ lines, nextLines, told: producer.lines, count: replacement.pieces ?? count }),
    code,
    exitMs,
    finished: finished.length,
    finishedLate: finished.length - before,
    lines,
  };
}

function fateOf({
  lines,
  nextLines,
  told,
  count,
}: {
  readonly lines: readonly string[];
  readonly nextLines: readonly string[];
  readonly told: readonly string[];
  readonly count: number;
}): Fate {
  const ends = [...numbersIn(lines, 'end'), ...numbersIn(nextLines, 'end')];
  const all = Array.from({ length: count }, (_, n) => n);
  const ended = new Set(numbersIn(lines, 'end'));
  return {
    lost: all.filter((n) => !ends.includes(n)),
    twice: all.filter((n) => ends.filter((each) => each === n).length > 1),
    unfinished: numbersIn(lines, 'start').filter((n) => !ended.has(n)),
    errors: [...told, ...lines, ...nextLines].filter((line) => line.startsWith('error ')),
  };
}

/** Resolves when all is done, or a program has printed nothing for a while: a backlog takes its time. */
async function quiet(
  { lines }: ForkedProgram,
  { ms, isDone }: { readonly ms: number; readonly isDone: () => boolean },
): Promise<void> {
  for (let before = -1; before < lines.length && !isDone();) {
    before = lines.length;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
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
