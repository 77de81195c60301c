import { types } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import {
  callMember,
  classNames,
  isMethod,
  isObject,
  memberOf,
  replaceMethod,
  type Method,
} from '../nest/members.js';
import { allInstances } from '../discovery/provider-scan.js';

/**
 * Where `@nestjs/schedule` keeps its jobs, and where `cron` and Node keep their callbacks. Classes are recognised
 * by name and members by feature, so that no package is loaded here.
 */

/** What triggers a job. */
export type ScheduleKind = 'cron' | 'interval' | 'timeout';

const REGISTRY = ['addCronJob', 'addInterval', 'addTimeout', 'getCronJobs', 'getIntervals', 'getTimeouts'];

/** The registries of the app; usually one. */
export function registriesIn(modules: ModulesContainer): readonly object[] {
  return named(modules, 'SchedulerRegistry').filter((each) =>
    REGISTRY.every((member) => isMethod(memberOf(each, member))),
  );
}

/** The orchestrators, which mount declared jobs and know them by their registered names. */
export function orchestratorsIn(modules: ModulesContainer): readonly object[] {
  return named(modules, 'SchedulerOrchestrator');
}

/** A cron, an interval or a timeout under its name. */
export interface ScheduledJob {
  readonly kind: ScheduleKind;
  readonly name: string;
  /** A `CronJob` of the package `cron`, or the timer. */
  readonly job: unknown;
}

const MEMBERS = [
  { kind: 'cron', add: 'addCronJob', list: 'getCronJobs', get: 'getCronJob' },
  { kind: 'interval', add: 'addInterval', list: 'getIntervals', get: 'getInterval' },
  { kind: 'timeout', add: 'addTimeout', list: 'getTimeouts', get: 'getTimeout' },
] as const;

/** The jobs that are registered now. */
export function jobsIn(registry: object): readonly ScheduledJob[] {
  return MEMBERS.flatMap(({ kind, list, get }) => {
    const listed = listOf(registry, list);
    const names: unknown = listed instanceof Map ? [...listed.keys()] : listed;
    const one = memberOf(registry, get);
    if (!Array.isArray(names) || !isMethod(one)) return [];
    return names.map((name) => ({ kind, name: String(name), job: Reflect.apply(one, registry, [name]) }));
  });
}

/** In the preview of the command line no constructor has run, so the lists do not exist. */
function listOf(registry: object, list: string): unknown {
  try {
    return callMember(registry, list);
  } catch {
    return undefined;
  }
}

/** Calls back for each job that is registered from now on, declared or added at run time. */
export function afterAdding(registry: object, callback: (added: ScheduledJob) => void): void {
  for (const { kind, add } of MEMBERS) {
    replaceMethod(registry, add, (original) => (name, job, ...rest) => {
      const result = original(name, job, ...rest);
      callback({ kind, name: String(name), job });
      return result;
    });
  }
}

/** Wraps a function so that its calls are counted. */
export type Follow = (run: Method) => Method;

/**
 * Wraps the callbacks of a `CronJob`. Returns whether they were found. Unless configured to run one at a time, `cron`
 * does not await its callbacks, so it cannot say whether one is running.
 */
export function followCron(job: unknown, follow: Follow): boolean {
  const callbacks = isObject(job) ? memberOf(job, '_callbacks') : undefined;
  if (!isObject(job) || !Array.isArray(callbacks)) return false;
  callbacks.forEach((callback: unknown, index) => {
    if (isMethod(callback)) callbacks[index] = follow(callback);
  });
  replaceMethod(job, 'addCallback', (original) => (callback) => {
    return original(isMethod(callback) ? follow(callback) : callback);
  });
  return true;
}

/** Wraps the callback of a timer. Returns whether it was found. */
export function followTimer(timer: unknown, follow: Follow): boolean {
  if (!isObject(timer) || !('_onTimeout' in timer)) return false;
  // A cleared timer does not have a callback.
  if (isMethod(timer._onTimeout)) timer._onTimeout = follow(timer._onTimeout);
  return true;
}

/**
 * Stops a job for good; a run that is started by hand still works. Returns a promise if the job itself knows when
 * its current run ends.
 */
export function stopJob({ kind, job }: ScheduledJob): Promise<unknown> | undefined {
  if (kind === 'cron') return stopCron(job);
  if (isTimer(job) && kind === 'interval') clearInterval(job);
  else if (isTimer(job)) clearTimeout(job);
  return undefined;
}

/** Stops without `onComplete`, which is called when Nest stops the job again. */
function stopCron(job: unknown): Promise<unknown> | undefined {
  if (!isObject(job)) return undefined;
  Object.defineProperty(job, 'start', { configurable: true, writable: true, value: () => undefined });
  if (memberOf(job, 'isActive') === false) return undefined;
  const onComplete = memberOf(job, 'onComplete');
  const restore = (): void => void Reflect.set(job, 'onComplete', onComplete);
  Reflect.set(job, 'onComplete', undefined);
  const stopped = callMember(job, 'stop');
  // A job that waits for its callbacks resolves when the last one has ended.
  if (types.isPromise(stopped)) return stopped.then(restore, restore);
  restore();
  return undefined;
}

function named(modules: ModulesContainer, className: string): readonly object[] {
  return allInstances(modules).filter((each) => classNames(each).includes(className));
}

function isTimer(value: unknown): value is NodeJS.Timeout | number | string {
  return typeof value === 'number' || typeof value === 'string' || (isObject(value) && 'hasRef' in value);
}
