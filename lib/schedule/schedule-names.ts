import 'reflect-metadata';
import { DiscoveryService, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { isMethod, isObject, memberOf } from '../nest/members.js';
import { orchestratorsIn, type ScheduleKind } from './schedule-seams.js';

/**
 * The metadata that the decorators of `@nestjs/schedule` write on a method, and the member of its orchestrator that
 * holds the resulting entries.
 */
const KINDS = {
  cron: { type: 1, options: 'SCHEDULE_CRON_OPTIONS', entries: 'cronJobs' },
  timeout: { type: 2, options: 'SCHEDULE_TIMEOUT_OPTIONS', entries: 'timeouts' },
  interval: { type: 3, options: 'SCHEDULE_INTERVAL_OPTIONS', entries: 'intervals' },
} as const;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A decorated method, and the options that identify its entry. */
interface Declared {
  readonly name: string;
  readonly options: unknown;
}

/**
 * The names of jobs in the report: the given name, or else `Class.method`. Nest registers a job without a name
 * under a random one, so its method is found by the order in which Nest explores providers.
 */
export class ScheduleNames {
  readonly #found = new Map<ScheduleKind, ReadonlyMap<string, string>>();

  constructor(private readonly modules: ModulesContainer) {}

  of(kind: ScheduleKind, name: string): string {
    if (!UUID.test(name)) return `${kind} ${name}`;
    const found = this.#found.get(kind) ?? this.#findSafely(kind);
    this.#found.set(kind, found);
    return `${kind} ${found.get(name) ?? 'without a name'}`;
  }

  /** Inspecting a provider may throw, and a job must run even if it cannot be named. */
  #findSafely(kind: ScheduleKind): ReadonlyMap<string, string> {
    try {
      return this.#find(kind);
    } catch {
      return new Map();
    }
  }

  #find(kind: ScheduleKind): ReadonlyMap<string, string> {
    const declared = this.#declared(kind);
    for (const orchestrator of orchestratorsIn(this.modules)) {
      const entries = memberOf(orchestrator, KINDS[kind].entries);
      const unnamed = isObject(entries) ? Object.entries(entries).filter(([key]) => UUID.test(key)) : [];
      // Named only if all entries match: a wrong name is worse than none.
      const isMatch = unnamed.every(([, entry], index) => isMadeOf(entry, declared[index]));
      if (unnamed.length !== declared.length || !isMatch) continue;
      return new Map(unnamed.map(([key], index) => [key, declared[index]?.name ?? '']));
    }
    return new Map();
  }

  /** The methods without a name of their own, in the order of Nest's explorer. */
  #declared(kind: ScheduleKind): readonly Declared[] {
    const discovery = new DiscoveryService(this.modules);
    const scanner = new MetadataScanner();
    return [...discovery.getControllers(), ...discovery.getProviders()].flatMap((wrapper) => {
      const instance: unknown = wrapper.instance;
      if (!isObject(instance) || !wrapper.isDependencyTreeStatic()) return [];
      const prototype: unknown = Object.getPrototypeOf(instance);
      if (!isObject(prototype)) return [];
      return scanner.getAllMethodNames(prototype).flatMap((method) => {
        const options = unnamedOptions(memberOf(instance, method), kind);
        return options === undefined ? [] : [{ name: `${prototype.constructor.name}.${method}`, options }];
      });
    });
  }
}

/** The options of a method that has this kind of decorator, and no name. */
function unnamedOptions(method: unknown, kind: ScheduleKind): unknown {
  if (!isMethod(method) || Reflect.getMetadata('SCHEDULER_TYPE', method) !== KINDS[kind].type) {
    return undefined;
  }
  const options: unknown = Reflect.getMetadata(KINDS[kind].options, method);
  const name: unknown =
    Reflect.getMetadata('SCHEDULER_NAME', method) ?? (isObject(options) && memberOf(options, 'name'));
  return name ? undefined : options;
}

/** A cron keeps the options object itself; the others keep only the time. */
function isMadeOf(entry: unknown, declared: Declared | undefined): boolean {
  if (!isObject(entry) || declared === undefined || !isObject(declared.options)) return false;
  return (
    memberOf(entry, 'options') === declared.options ||
    (memberOf(entry, 'timeout') !== undefined &&
      memberOf(entry, 'timeout') === memberOf(declared.options, 'timeout'))
  );
}
