import type { PhaseSpec, Scenario } from '../scenario.js';

/** A phase with its defaults, and every phase that ends before it starts. */
export interface KnownPhase {
  readonly name: string;
  readonly mode: string;
  readonly timeout: number;
  readonly enabled: boolean;
  readonly aborts: boolean;
  readonly before: ReadonlySet<string>;
}

const DEFAULT: readonly PhaseSpec[] = [
  { name: 'drain', timeout: 15_000 },
  { name: 'flush', timeout: 3_000 },
  { name: 'close', timeout: 5_000, mode: 'dependency' },
];

export function knownPhases({ options }: Scenario): ReadonlyMap<string, KnownPhase> {
  const listed: readonly PhaseSpec[] = [
    { name: 'unready', timeout: options.shutdownDelay + 1_000 },
    ...(options.phases ?? DEFAULT),
  ];
  const known = new Map<string, KnownPhase>();
  listed.forEach(({ name, mode = 'parallel', timeout, after, onFailure, enabled = true }, index) => {
    const previous = listed[index - 1];
    const direct = after ?? (previous === undefined ? [] : [previous.name]);
    const before = new Set(direct.flatMap((each) => [each, ...(known.get(each)?.before ?? [])]));
    known.set(name, { name, mode, timeout, enabled, aborts: onFailure === 'abort', before });
  });
  return known;
}
