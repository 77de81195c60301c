import { LazyModuleLoader, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { classesOf, isObject, replaceMethod } from '../nest/members.js';
import { marksOf } from './method-mark.js';
import { isClass, scanProviders, type MarkedInstance } from './provider-scan.js';

/** Who hears of what comes into the application when its plan has been made. */
export interface LateListener {
  /** Nest keeps these: the providers of a module that was loaded lazily. */
  readonly onLoaded: (found: readonly MarkedInstance[]) => void;
  /** Nest does not keep it: whoever asked `ModuleRef.create()` or `resolve()` for it does. */
  readonly onCreated: (created: MarkedInstance) => void;
}

/**
 * What comes into an application after it was scanned. Nest tells nobody of it, so its loader of modules and its
 * ModuleRefs are followed where they have the methods that they have today; the scan as the run begins finds what came
 * in another way.
 */
export class LateInstances {
  readonly #known = new WeakSet<object>();
  readonly #followed = new WeakSet<object>();
  /** What was created is not kept alive by us: the application may have dropped it long ago. */
  #created: WeakRef<MarkedInstance['instance'] & object>[] = [];
  readonly #descriptions = new WeakMap<object, MarkedInstance>();
  #prunedTo = 0;

  constructor(
    private readonly modules: ModulesContainer,
    known: readonly MarkedInstance[],
  ) {
    for (const { instance, owner } of known) this.#known.add(instance ?? owner);
  }

  /** From now on the listener hears of what comes. */
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

  /** What Nest keeps and has not been found before. */
  unknown(): readonly MarkedInstance[] {
    const found = scanProviders(this.modules).filter(
      ({ instance, owner }) => !this.#known.has(instance ?? owner),
    );
    for (const { instance, owner } of found) this.#known.add(instance ?? owner);
    return found;
  }

  /** What was created and is still there; each once. */
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
    // resolve() may be asked for several at once.
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

  /** An application may create many, for a moment each. */
  #prune(): void {
    if (this.#created.length < 2 * this.#prunedTo + 100) return;
    this.#created = this.#created.filter((each) => each.deref() !== undefined);
    this.#prunedTo = this.#created.length;
  }
}
