import type { ModulesContainer } from '@nestjs/core';
import { InjectionGraph } from '../plan/injection-graph.js';
import type { MistakeList } from '../plan/mistake.js';
import type { Mode } from '../plan/phase.js';
import type { ShutdownTask } from '../plan/task.js';
import { readInjections } from './injections.js';
import { allWrappers, type MarkedProvider } from './provider-scan.js';
import { injectableClassOf, injectionsOfAll } from './stand-ins.js';

/** The positions of task owners in the injection graph. Reads only as much of the graph as the tasks need. */
export class OwnerPlaces {
  /** At boot only the dependencies of the handlers are read, which is enough for most applications. */
  #readFrom: 'handlers' | 'all' = 'handlers';
  /** The number of providers when all injections were last read. */
  #wrapperCount = 0;
  /** Classes of owners that are not providers, because `ModuleRef.create()` made them. */
  readonly #foreignClasses = new Set<object>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly modeOf: (task: ShutdownTask) => Mode | undefined,
  ) {}

  /** The injection graph at boot. */
  atBoot(providers: readonly MarkedProvider[]): InjectionGraph {
    if (this.#readFrom === 'all') return this.readAll();
    return new InjectionGraph(readInjections(providers.map(({ wrapper }) => wrapper)));
  }

  /** The injection graph of the application as it is now, including positions for these owners. */
  readAll(owners: readonly object[] = []): InjectionGraph {
    for (const owner of owners) this.#noteClass(owner);
    const all = allWrappers(this.modules);
    this.#readFrom = 'all';
    this.#wrapperCount = all.length;
    return injectionsOfAll(all, this.#foreignClasses);
  }

  /** Before boot: an owner that no handler depends on has a position only if all injections are read. */
  expect(owner: object): void {
    this.#noteClass(owner);
    this.#readFrom = 'all';
  }

  /** After boot: a new graph that may contain the owner; `undefined` if reading again cannot help. */
  graphFor(owner: object, known: InjectionGraph): InjectionGraph | undefined {
    if (known.componentOf(owner) !== undefined) return undefined;
    const isNewClass = this.#noteClass(owner);
    const isStale = this.#wrapperCount !== allWrappers(this.modules).length;
    return this.#readFrom === 'handlers' || isNewClass || isStale ? this.readAll() : undefined;
  }

  /**
   * In `dependency` mode, an owner that is not a provider would have no position and run in parallel with everything.
   */
  check(task: ShutdownTask, injections: InjectionGraph, mistakes: MistakeList): void {
    if (this.modeOf(task) !== 'dependency' || injections.componentOf(task.owner) !== undefined) return;
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      `${task.name}.owner`,
      "expected an instance that Nest injects, got another object, which has no position in 'dependency' mode. Pass the provider itself (`this`), or omit `owner` and set the order with `after`.",
    );
  }

  /**
   * Remembers the class of an instance that Nest may have created without holding it. Returns whether the class is
   * new.
   */
  #noteClass(owner: object): boolean {
    const type = injectableClassOf(owner);
    if (type === undefined || this.#foreignClasses.has(type)) return false;
    this.#foreignClasses.add(type);
    return true;
  }
}
