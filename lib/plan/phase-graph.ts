import {
  BOOLEAN,
  NAME_LIST,
  checkKeys,
  isKind,
  isName,
  isOneOf,
  isRecord,
  isTimeout,
  shown,
  type Place,
} from './check-setting.js';
import { Graph, topologicalOrder } from './graph.js';
import type { MistakeList } from './mistake.js';
import { nameAdvice } from './nearest-name.js';
import { MODES, ON_FAILURE, type Phase, type PhaseOptions } from './phase.js';

const PHASE_KEYS = ['name', 'mode', 'timeout', 'after', 'onFailure', 'enabled'];

/** A timeout for the phases that were written with a wrong one, so that checking can go on. */
const STAND_IN_TIMEOUT = 1_000;

/** The phases of a plan in an order in which they may run, and who waits for whom. */
export class PhaseGraph {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #later = new Map<number, ReadonlySet<number>>();

  private constructor(
    readonly phases: readonly Phase[],
    readonly graph: Graph,
  ) {
    Object.freeze(phases);
    this.#indexes = new Map(phases.map((phase, index) => [phase.name, index]));
  }

  /**
   * Checks the list of phases and arranges it. What is wrong is added to the mistakes and left out, so
   * that the rest of the configuration can be checked against what is right.
   *
   * @param inFront phases that are not in the list of the user and stand in front of it
   */
  static from(list: unknown, mistakes: MistakeList, inFront: readonly PhaseOptions[] = []): PhaseGraph {
    if (!Array.isArray(list) || list.length === 0) {
      mistakes.add(
        'SHUTDOWN_NO_PHASES',
        'phases',
        `expected a list of at least one phase, got ${Array.isArray(list) ? 'an empty list' : shown(list)}. Leave the option out to have the default phases.`,
      );
      return new PhaseGraph([], new Graph(0));
    }
    return PhaseGraph.#arrange(readPhases(list, { mistakes, inFront }), mistakes);
  }

  static #arrange(phases: readonly Phase[], mistakes: MistakeList): PhaseGraph {
    const indexes = new Map(phases.map((phase, index) => [phase.name, index]));
    const graph = new Graph(phases.length);
    phases.forEach((phase, index) => {
      for (const name of new Set(phase.after)) {
        const earlier = indexes.get(name);
        if (earlier !== undefined) graph.addEdge(earlier, index);
      }
    });
    const ordering = topologicalOrder(
      graph,
      phases.map((_, index) => index),
    );
    if (ordering.kind === 'cyclic') {
      const names = ordering.cycle.map((index) => phases[index]?.name ?? '');
      mistakes.add(
        'SHUTDOWN_PHASE_CYCLE',
        'phases',
        `${[...names, names[0]].join(' → ')} wait for each other. Take one of these names out of an \`after\`.`,
      );
      return new PhaseGraph(phases, new Graph(phases.length));
    }
    const place = new Map(ordering.order.map((index, position) => [index, position]));
    const placed = new Graph(phases.length);
    graph.forEachEdge((from, to) => placed.addEdge(place.get(from) ?? 0, place.get(to) ?? 0));
    return new PhaseGraph(
      ordering.order.flatMap((index) => phases[index] ?? []),
      placed,
    );
  }

  get names(): readonly string[] {
    return this.phases.map((phase) => phase.name);
  }

  indexOf(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  phase(name: string): Phase | undefined {
    const index = this.#indexes.get(name);
    return index === undefined ? undefined : this.phases[index];
  }

  /** The indexes of the phases that come after the given one on any path. */
  laterThan(index: number): ReadonlySet<number> {
    const known = this.#later.get(index);
    if (known) return known;
    const later = this.graph.reachableFrom(index);
    this.#later.set(index, later);
    return later;
  }

  /** Whether `earlier` has always ended before `later` starts. */
  precedes(earlier: string, later: string): boolean {
    const from = this.indexOf(earlier);
    const to = this.indexOf(later);
    return from !== undefined && to !== undefined && this.laterThan(from).has(to);
  }
}

function readPhases(
  list: readonly unknown[],
  { mistakes, inFront }: { readonly mistakes: MistakeList; readonly inFront: readonly PhaseOptions[] },
): readonly Phase[] {
  const known = [...inFront, ...list].flatMap((each) =>
    isRecord(each) && typeof each['name'] === 'string' ? [each['name']] : [],
  );
  const phases: Phase[] = [];
  const read = (
    written: Readonly<Record<string, unknown>>,
    place: { readonly name: string; readonly path: string },
  ): void => {
    const last = phases.at(-1);
    const follows = last === undefined ? [] : [last.name];
    phases.push(readPhase(written, { ...place, mistakes, known, follows }));
  };
  for (const phase of inFront) read({ ...phase }, { name: phase.name, path: phase.name });
  /** Where each name stands in the list. */
  const places = new Map<string, number>();
  list.forEach((each: unknown, index) => {
    const path = `phases[${index}]`;
    if (!isRecord(each)) {
      mistakes.add('SHUTDOWN_INVALID_OPTION', path, `expected a phase, got ${shown(each)}.`);
      return;
    }
    checkKeys(each, PHASE_KEYS, { path, mistakes });
    const name = each['name'];
    if (!isName(name, { path: `${path}.name`, mistakes })) return;
    const first = places.get(name);
    if (first !== undefined) {
      mistakes.add(
        'SHUTDOWN_DUPLICATE_PHASE',
        `${path}.name`,
        `the phase '${name}' is already in the list, at phases[${first}]. Rename one of them, or put the tasks of both into one.`,
      );
      return;
    }
    places.set(name, index);
    read(each, { name, path });
  });
  return phases;
}

function readPhase(
  written: Readonly<Record<string, unknown>>,
  context: {
    readonly name: string;
    readonly known: readonly string[];
    readonly follows: readonly string[];
  } & Place,
): Phase {
  const { name, path, mistakes } = context;
  const at = (key: keyof PhaseOptions): Place => ({ path: `${path}.${key}`, mistakes });
  const { mode, timeout, onFailure, enabled } = written;
  return Object.freeze({
    name,
    mode: mode === undefined || !isOneOf(mode, MODES, at('mode')) ? 'parallel' : mode,
    timeout: isTimeout(timeout, at('timeout')) ? timeout : STAND_IN_TIMEOUT,
    after: Object.freeze([...readAfter(written['after'], context)]),
    onFailure:
      onFailure === undefined || !isOneOf(onFailure, ON_FAILURE, at('onFailure')) ? 'continue' : onFailure,
    enabled: enabled === undefined || !isKind(enabled, BOOLEAN, at('enabled')) ? true : enabled,
  });
}

function readAfter(
  after: unknown,
  {
    name: own,
    path,
    mistakes,
    known,
    follows,
  }: {
    readonly name: string;
    readonly known: readonly string[];
    readonly follows: readonly string[];
  } & Place,
): readonly string[] {
  if (after === undefined) return follows;
  if (!isKind(after, NAME_LIST, { path: `${path}.after`, mistakes })) return [];
  return after.filter((name, index) => {
    if (known.includes(name) && name !== own) return true;
    if (name === own) {
      mistakes.add(
        'SHUTDOWN_PHASE_CYCLE',
        `${path}.after[${index}]`,
        `${own} → ${own}: the phase waits for itself. Take its name out of its own \`after\`.`,
      );
    } else {
      mistakes.add(
        'SHUTDOWN_UNKNOWN_PHASE',
        `${path}.after[${index}]`,
        `there is no phase '${name}'. ${nameAdvice(name, known)}`,
      );
    }
    return false;
  });
}
