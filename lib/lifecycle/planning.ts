import type { ModulesContainer } from '@nestjs/core';
import { handlerTasks } from '../discovery/handler-tasks.js';
import { registerLateHandlers } from '../discovery/late-handlers.js';
import { LateInstances } from '../discovery/late-instances.js';
import { OwnerPlaces } from '../discovery/owner-places.js';
import { scanProviders, type MarkedInstance, type ProviderSight } from '../discovery/provider-scan.js';
import type { ShutdownFeature } from '../feature.js';
import type { Notify } from '../notice.js';
import { phaseOf } from '../plan/check-task.js';
import { MistakeList, ShutdownConfigurationError } from '../plan/mistake.js';
import type { PhaseGraph } from '../plan/phase-graph.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownTask } from '../plan/task.js';
import { toError } from '../run/errors.js';
import type { ShutdownRegistration } from '../run/registration.js';
import type { ShutdownRun } from '../run/shutdown-run.js';
import { checkPlan } from '../startup-checks/check-plan.js';
import { planRefused } from './lifecycle-notices.js';

/** What a plan is made from. */
export interface PlanningParts {
  readonly settings: PlanningSettings;
  readonly modules: ModulesContainer;
  readonly notify: Notify;
  /** Takes the plan when it is complete. */
  readonly onPlanned: (plan: ShutdownPlan) => void;
  readonly features: readonly ShutdownFeature[];
  /** How providers are seen; without it as instances that Nest has made. */
  readonly sight?: ProviderSight | undefined;
}

/** What planning reads of the options. */
export interface PlanningSettings {
  readonly phaseGraph: PhaseGraph;
  /** Milliseconds from the signal to the kill. */
  readonly gracePeriod: number;
  readonly runAt: 'module-destroy' | 'before-application-shutdown';
  /** The configuration errors of the options. */
  readonly mistakes: MistakeList;
}

type State =
  /** The injection graph is not known yet: tasks with an owner are checked at boot. */
  | { readonly status: 'open'; readonly unplaced: ShutdownTask[] }
  | { readonly status: 'prepared'; readonly late: LateInstances | undefined }
  | { readonly status: 'announced'; readonly late: LateInstances | undefined };

/** Builds the plan of an app: finds and checks it at boot, adds to it while the app runs, announces it once. */
export class Planning {
  readonly #places: OwnerPlaces;
  #state: State = { status: 'open', unplaced: [] };

  constructor(
    private readonly run: ShutdownRun,
    private readonly parts: PlanningParts,
  ) {
    const { modules, settings } = parts;
    this.#places = new OwnerPlaces(
      modules,
      (task) => task.mode ?? settings.phaseGraph.phase(phaseOf(task))?.mode,
    );
  }

  /** @throws ShutdownConfigurationError when the task cannot be part of the plan */
  register(task: ShutdownTask): ShutdownRegistration {
    const owner = task?.owner;
    if (owner === undefined) return this.run.register(task);
    if (this.#state.status === 'open') {
      const registration = this.run.register(task);
      this.#places.expect(owner);
      this.#state.unplaced.push(task);
      return registration;
    }
    const { registry } = this.run;
    const injections = this.#places.graphFor(owner, registry.injections);
    if (injections !== undefined) registry.replaceInjections(injections);
    const mistakes = new MistakeList();
    this.#places.check(task, registry.injections, mistakes);
    mistakes.throwIfAny();
    return this.run.register(task);
  }

  /**
   * Finds the handlers and checks the plan; a further call does nothing.
   *
   * @throws ShutdownConfigurationError with all configuration errors of options and handlers
   */
  prepare(): void {
    if (this.#state.status !== 'open') return;
    const { unplaced } = this.#state;
    const { settings, modules, features, sight } = this.parts;
    const mistakes = settings.mistakes.copy();
    const providers = scanProviders(modules, sight);
    const register = (task: ShutdownTask): unknown => this.register(task);
    const ours = features
      .flatMap((feature) => feature.prepare({ providers, mistakes, register }))
      // A refused list of phases has no phase for them.
      .filter(({ phase = '' }) => settings.phaseGraph.phase(phase) !== undefined);
    const tasks = [...ours, ...handlerTasks(providers, mistakes)];
    const injections = this.#places.atBoot(providers);
    for (const task of unplaced) this.#places.check(task, injections, mistakes);
    const plan = this.run.registry.seal(tasks, { injections, mistakes });
    const late = sight === undefined ? new LateInstances(modules, providers) : undefined;
    this.#state = { status: 'prepared', late };
    const { gracePeriod, runAt } = settings;
    checkPlan(plan, { gracePeriod, runAt, modules, providers }).forEach(this.parts.notify);
    if (late !== undefined) this.#follow(late);
  }

  /** Announces the plan, once: transports, gateways and workers are found until the app has started. */
  announce(): void {
    if (this.#state.status !== 'prepared') return;
    this.#state = { ...this.#state, status: 'announced' };
    this.parts.onPlanned(this.run.registry.plan());
  }

  /** A run never throws: handlers that cannot be planned are logged and left out, the others run. */
  prepareForRun(): void {
    if (this.run.status !== 'idle') return;
    try {
      this.prepare();
      const late = this.#state.status === 'open' ? undefined : this.#state.late;
      if (late !== undefined) this.#takeIn([...late.unknown(), ...late.takeCreated()]);
      this.announce();
    } catch (thrown) {
      const error = thrown instanceof ShutdownConfigurationError ? thrown : toError(thrown);
      this.parts.notify(planRefused(error));
    }
  }

  /** Finds what is created in the app from now on, and plans it. */
  #follow(late: LateInstances): void {
    late.follow({
      onLoaded: (found) => this.#takeIn(found),
      onCreated: (created) => {
        this.#showFeatures([created], new MistakeList());
        if (this.run.status !== 'idle') this.#takeIn(late.takeCreated());
      },
    });
  }

  #showFeatures(found: readonly MarkedInstance[], mistakes: MistakeList): void {
    for (const feature of this.parts.features) feature.found?.(found, mistakes);
  }

  /** Plans the handlers of late instances. What cannot be planned is logged, and does not fail their creator. */
  #takeIn(found: readonly MarkedInstance[]): void {
    if (found.length === 0) return;
    const { registry } = this.run;
    const mistakes = new MistakeList();
    this.#showFeatures(found, mistakes);
    registry.replaceInjections(this.#places.readAll(found.map(({ owner }) => owner)));
    const register = (task: ShutdownTask): unknown => this.run.register(task);
    registerLateHandlers(found, { names: registry.names, register, mistakes });
    if (mistakes.all.length === 0) return;
    this.parts.notify(planRefused(new ShutdownConfigurationError(mistakes.all)));
  }
}
