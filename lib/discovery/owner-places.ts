import type { ModulesContainer } from '@nestjs/core';
import { InjectionGraph } from '../plan/injection-graph.js';
import type { MistakeList } from '../plan/mistake.js';
import type { Mode } from '../plan/phase.js';
import type { ShutdownTask } from '../plan/task.js';
import { readInjections } from './injections.js';
import { allWrappers, type MarkedProvider } from './provider-scan.js';
import { injectableClassOf, injectionsOfAll } from './stand-ins.js';

/** Where the owners of tasks stand in the injection graph, which is read no further than they need. */
export class OwnerPlaces {
  /** At boot the injections below the handlers are read, which is enough for most applications. */
  #readFrom: 'handlers' | 'all' = 'handlers';
  /** How many providers there were when the injections of all were read. */
  #wrapperCount = 0;
  /** Classes of owners that are no providers: of what `ModuleRef.create()` makes. */
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

  /** The injection graph of the application as it is now, with places for these owners. */
  readAll(owners: readonly object[] = []): InjectionGraph {
    for (const owner of owners) this.#noteClass(owner);
    const all = allWrappers(this.modules);
    this.#readFrom = 'all';
    this.#wrapperCount = all.length;
    return injectionsOfAll(all, this.#foreignClasses);
  }

  /** Before the boot: an owner that no handler leads to has a place only where the injections of all are read. */
  expect(owner: object): void {
    this.#noteClass(owner);
    this.#readFrom = 'all';
  }

  /** After the boot: another graph that may know the owner; `undefined` where there is none. */
  graphFor(owner: object, known: InjectionGraph): InjectionGraph | undefined {
    if (known.componentOf(owner) !== undefined) return undefined;
    const isNewClass = this.#noteClass(owner);
    const isStale = this.#wrapperCount !== allWrappers(this.modules).length;
    return this.#readFrom === 'handlers' || isNewClass || isStale ? this.readAll() : undefined;
  }

  /** In `dependency` mode an owner that is no provider would have no place, and run beside all others. */
  check(task: ShutdownTask, injections: InjectionGraph, mistakes: MistakeList): void {
    if (this.modeOf(task) !== 'dependency' || injections.componentOf(task.owner) !== undefined) return;
    mistakes.add(
      'SHUTDOWN_INVALID_OPTION',
      `${task.name}.owner`,
      "expected an instance that Nest injects, got something else, so its place in 'dependency' mode is not known. Pass the provider itself (`this`, in a provider that registers a task), or leave `owner` out and give the order with `after`.",
    );
  }

  /** Remembers the class of an instance that Nest may have made and does not keep; says whether it is new. */
  #noteClass(owner: object): boolean {
    const type = injectableClassOf(owner);
    if (type === undefined || this.#foreignClasses.has(type)) return false;
    this.#foreignClasses.add(type);
    return true;
  }
}
