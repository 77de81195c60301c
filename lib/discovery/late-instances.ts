import { LazyModuleLoader, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { classesOf, isObject, replaceMethod } from '../nest/members.js';
import { marksOf } from './method-mark.js';
import { isClass, scanProviders, type MarkedInstance } from './provider-scan.js';

/** Receives instances created after the plan was made. */
export interface LateListener {
  /** The providers of a lazily loaded module. Nest holds them. */
  readonly onLoaded: (found: readonly MarkedInstance[]) => void;
  /** An instance from `ModuleRef.create()` or `resolve()`. Only its caller holds it, Nest does not. */
  readonly onCreated: (created: MarkedInstance) => void;
}

/**
 * Finds instances created after the scan. Nest offers no event for this, so we wrap the methods of its
 * LazyModuleLoader and ModuleRefs, if they exist. A second scan when the run begins finds the instances that arrived
 * another way.
 */
export class LateInstances {
  readonly #known = new WeakSet<object>();
  readonly #followed = new WeakSet<object>();
  /** Weak references: the application may have dropped the instance long ago. */
  #created: WeakRef<MarkedInstance['instance'] & object>[] = [];
  readonly #descriptions = new WeakMap<object, MarkedInstance>();
  #prunedTo = 0;

  constructor(
    private readonly modules: ModulesContainer,
    known: readonly MarkedInstance[],
  ) {
    for (const { instance, owner } of known) this.#known.add(instance ?? owner);
  }

  /** Starts reporting new instances to the listener. */
  follow(listener: LateListener): void {
    for (const module of this.modules.values()) {
      const loader = module.providers.get(LazyModuleLoader)?.instance;
      if (this.#isNew(loader)) {
        replaceMethod(loader, 'load', (original) => async (...args) => {
          const loaded = await original(...args);
          this.follow(listener);
          listener.onLoaded(this.unknown());
          return loaded;
        });
      }
      const moduleRef = module.providers.get(ModuleRef)?.instance;
      if (!this.#isNew(moduleRef)) continue;
      for (const method of ['create', 'resolve']) {
        replaceMethod(moduleRef, method, (original) => async (...args) => {
          const created = await original(...args);
          for (const each of this.#takeIn(created, module.name)) listener.onCreated(each);
          return created;
        });
      }
    }
  }

  /** Instances that Nest holds and no earlier scan has found. */
  unknown(): readonly MarkedInstance[] {
    const found = scanProviders(this.modules).filter(
      ({ instance, owner }) => !this.#known.has(instance ?? owner),
    );
    for (const { instance, owner } of found) this.#known.add(instance ?? owner);
    return found;
  }

  /** Created instances that are still alive; returns each only once. */
  takeCreated(): readonly MarkedInstance[] {
    const alive = this.#alive();
    this.#created = [];
    return alive.flatMap((instance) => this.#descriptions.get(instance) ?? []);
  }

  #alive(): readonly object[] {
    return this.#created.flatMap((each) => each.deref() ?? []);
  }

  #isNew(followed: unknown): followed is object {
    if (!isObject(followed) || this.#followed.has(followed)) return false;
    this.#followed.add(followed);
    return true;
  }

  #takeIn(created: unknown, module: string): readonly MarkedInstance[] {
    // resolve() may return several instances.
    const instances: readonly unknown[] = Array.isArray(created) ? created : [created];
    return instances.flatMap((instance) => {
      if (!isObject(instance) || this.#known.has(instance)) return [];
      const type = classesOf(instance)[0];
      if (!isClass(type)) return [];
      const marks = marksOf(type);
      if (marks.length === 0) return [];
      this.#known.add(instance);
      const described: MarkedInstance = {
        type,
        marks,
        instance,
        owner: instance,
        token: type.name,
        module,
        stage: 'made',
      };
      this.#descriptions.set(instance, described);
      this.#created.push(new WeakRef(instance));
      this.#prune();
      return [described];
    });
  }

  /** An application may create many short-lived instances. */
  #prune(): void {
    if (this.#created.length < 2 * this.#prunedTo + 100) return;
    this.#created = this.#created.filter((each) => each.deref() !== undefined);
    this.#prunedTo = this.#created.length;
  }
}
