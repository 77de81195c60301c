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

/** Replaces an invalid timeout, so that the checks can continue. */
const STAND_IN_TIMEOUT = 1_000;

/** The phases of a plan in topological order, with their dependencies. */
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
   * Checks and orders the list of phases. Problems are added to `mistakes` and left out of the graph, so that the rest
   * of the configuration can be checked against the valid phases.
   *
   * @param inFront phases to prepend to the list of the user
   */
  static from(list: unknown, mistakes: MistakeList, inFront: readonly PhaseOptions[] = []): PhaseGraph {
    if (!Array.isArray(list) || list.length === 0) {
      mistakes.add(
        'SHUTDOWN_NO_PHASES',
        'phases',
        `expected a list of at least one phase, got ${Array.isArray(list) ? 'an empty list' : shown(list)}. Omit the option to use the default phases.`,
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
        `dependency cycle ${[...names, names[0]].join(' → ')}. Remove one of these names from an \`after\`.`,
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

  /** The indexes of the phases that depend on the given one, directly or indirectly. */
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
  const places = new Map<string, number>();
  list.forEach((each: unknown, index) => {
    const path = `phases[${index}]`;
    if (!isRecord(each)) {
      mistakes.add(
        'SHUTDOWN_INVALID_OPTION',
        path,
        `expected a phase such as { name, timeout }, got ${shown(each)}.`,
      );
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
        `duplicate phase '${name}', already defined at phases[${first}]. Rename one of them, or merge the two.`,
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
        `${own} → ${own}: a phase cannot wait for itself. Remove this name.`,
      );
    } else {
      mistakes.add(
        'SHUTDOWN_UNKNOWN_PHASE',
        `${path}.after[${index}]`,
        `unknown phase '${name}'. ${nameAdvice(name, known)}`,
      );
    }
    return false;
  });
}
