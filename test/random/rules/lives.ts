import type { Entry } from '../journal.js';
import type { Scenario, TaskSpec } from '../scenario.js';

/** Where a line of the journal stands, and when it was written. */
export interface Moment {
  readonly index: number;
  readonly at: number;
}

/** What the journal says of one task. */
export interface Life {
  readonly name: string;
  readonly phase: string;
  readonly spec: TaskSpec | undefined;
  /** `planned`: found or registered before the run; `nested`: registered while it went on. */
  readonly origin: 'planned' | 'nested';
  /** The provider that it belongs to. */
  readonly owner: number | undefined;
  readonly starts: readonly (Moment & { readonly deadline: number })[];
  readonly abort: Moment | undefined;
  readonly settled: (Moment & { readonly how: 'end' | 'fail' }) | undefined;
  readonly registered:
    | (Moment & {
        readonly by: { readonly task: string; readonly phase: string } | undefined;
        readonly refused: boolean;
      })
    | undefined;
  /** Taken out, or run ahead of its turn, by somebody else. */
  readonly fate: 'left alone' | 'withdrawn' | 'disposed';
}

export function allTasks({ providers, registered }: Scenario): readonly TaskSpec[] {
  return [...providers.flatMap(({ handlers }) => handlers), ...registered];
}

export function livesOf(
  entries: readonly Entry[],
  scenario: Scenario,
  runStart: Entry | undefined,
): readonly Life[] {
  const owners = new Map<string, number>();
  for (const { id, handlers } of scenario.providers) for (const { name } of handlers) owners.set(name, id);
  for (const { name, owner } of scenario.registered) if (owner !== undefined) owners.set(name, owner);
  const specs = new Map(allTasks(scenario).map((task) => [task.name, task]));
  const traces = tracesOf(entries);
  for (const name of specs.keys()) if (!traces.has(name)) traces.set(name, newTrace());
  const begun = runStart === undefined ? Infinity : entries.indexOf(runStart);
  return Array.from(traces, ([name, trace]): Life => {
    const spec = specs.get(name);
    const { registered, phase, ...rest } = trace;
    const isNested = spec === undefined && registered !== undefined && registered.index > begun;
    return {
      name,
      phase: spec?.phase ?? phase ?? '',
      spec,
      owner: owners.get(name),
      origin: isNested ? 'nested' : 'planned',
      registered,
      ...rest,
    };
  });
}

type Trace = {
  -readonly [K in 'abort' | 'settled' | 'registered' | 'fate']: Life[K];
} & { readonly starts: Life['starts'][number][]; phase: string | undefined };

function newTrace(): Trace {
  const nothing = { abort: undefined, settled: undefined, registered: undefined, phase: undefined };
  return { ...nothing, fate: 'left alone', starts: [] };
}

function tracesOf(entries: readonly Entry[]): Map<string, Trace> {
  const traces = new Map<string, Trace>();
  const traceOf = (name: string): Trace => {
    const trace = traces.get(name) ?? newTrace();
    traces.set(name, trace);
    return trace;
  };
  entries.forEach((entry, index) => {
    const moment = { index, at: entry.at };
    if (entry.what === 'task') {
      const trace = traceOf(entry.task);
      if (entry.step === 'start') trace.starts.push({ ...moment, deadline: entry.deadline });
      else if (entry.step === 'abort') trace.abort ??= moment;
      else trace.settled ??= { ...moment, how: entry.step };
    } else if (entry.what === 'registered') {
      const trace = traceOf(entry.task);
      trace.phase = entry.phase;
      trace.registered = { ...moment, by: entry.by, refused: entry.refused !== undefined };
    } else if (entry.what === 'withdrawn') {
      if (entry.done) traceOf(entry.task).fate = 'withdrawn';
    } else if (entry.what === 'disposed' && entry.step === 'asked') {
      const trace = traceOf(entry.task);
      if (trace.fate === 'left alone') trace.fate = 'disposed';
    }
  });
  return traces;
}
