import type { ModulesContainer } from '@nestjs/core';
import { callMember, classNames, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { allInstances } from '../discovery/provider-scan.js';

/**
 * Where `@nestjs/bullmq` keeps its workers, and what is used of BullMQ's. Classes are known by their names and
 * members by their features, so that neither package is loaded to look.
 */

/** A worker as it is used here: all of it is public with BullMQ 5 and 6. */
export interface BullWorker extends BullEmitter {
  /** The promise of the first `close()`, which later ones answer with, also those by force. */
  closing: unknown;
  isRunning(): boolean;
  /** Fetches no new job from now on; with `true` without waiting for those that are active. */
  pause(doNotWaitActive: true): Promise<void>;
  /** Fetches no new job from now on, waits for the active ones (not by force), and disconnects. */
  close(force?: boolean): Promise<void>;
}

/** What emits the events of a queue, as Node has it: a worker, or its `QueueEvents`. */
export interface BullEmitter {
  /** The name of its queue. */
  readonly name: string;
  emit(event: string, ...args: readonly unknown[]): boolean;
  rawListeners(event: string | symbol): readonly unknown[];
}

/** A provider that is a worker, or has one. */
export type WorkerProvider =
  | { readonly kind: 'worker'; readonly worker: BullWorker }
  /** Its worker is made later. */
  | { readonly kind: 'waiting'; readonly name: string }
  /** Its worker is not like those that are known here. */
  | { readonly kind: 'unknown'; readonly name: string };

const NEEDED = ['isRunning', 'pause', 'close', 'processJob', 'emit', 'rawListeners'];

/** The providers that process jobs: each `WorkerHost`, one per request too, and each `Worker` itself. */
export function workerProviders(modules: ModulesContainer): readonly WorkerProvider[] {
  return allInstances(modules).flatMap((instance): readonly WorkerProvider[] => {
    const names = classNames(instance);
    const name = names[0] ?? 'a provider';
    if (names.includes('WorkerHost')) {
      const worker = quietMember(instance, 'worker');
      if (worker === undefined) return [{ kind: 'waiting', name }];
      return [isBullWorker(worker) ? { kind: 'worker', worker } : { kind: 'unknown', name }];
    }
    return names.includes('Worker') && isBullWorker(instance) ? [{ kind: 'worker', worker: instance }] : [];
  });
}

/** What emits the events of queues to this application: of each `QueueEventsHost`, and each `QueueEvents` itself. */
export function queueEventsIn(modules: ModulesContainer): readonly BullEmitter[] {
  return allInstances(modules).flatMap((instance) => {
    const names = classNames(instance);
    const found = names.includes('QueueEventsHost') ? quietMember(instance, 'queueEvents') : instance;
    return (names.includes('QueueEvents') || found !== instance) && isBullEmitter(found) ? [found] : [];
  });
}

/**
 * Calls back whenever workers have been made later, as with `manualRegistration`; says whether the place where
 * they are made was found.
 */
export function afterRegistration(modules: ModulesContainer, callback: () => void): boolean {
  const registrars = allInstances(modules).filter(
    (each) => classNames(each)[0] === 'BullRegistrar' && isMethod(memberOf(each, 'register')),
  );
  for (const registrar of registrars) {
    replaceMethod(registrar, 'register', (original) => (...args) => {
      const result = original(...args);
      callback();
      return result;
    });
  }
  return registrars.length > 0;
}

/** A queue with workers that nobody else can see: `registerQueue({ processors })` keeps them in a closure. */
export interface QueueWithProcessors {
  readonly name: string;
  /** Closes these workers, each when its active jobs have ended, and leaves the queue open. */
  readonly closeWorkers: () => unknown;
}

export function queuesWithProcessors(modules: ModulesContainer): readonly QueueWithProcessors[] {
  return allInstances(modules).flatMap((instance) => {
    if (!classNames(instance).includes('Queue')) return [];
    const options = memberOf(instance, 'opts');
    const processors = isObject(options) ? memberOf(options, 'processors') : undefined;
    const close = memberOf(instance, 'onApplicationShutdown');
    if (!Array.isArray(processors) || processors.length === 0 || !isMethod(close)) return [];
    // The hook closes its workers and then `this`: here something that has nothing to close.
    const closeWorkers = (): unknown => Reflect.apply(close, { close: () => Promise.resolve() }, []);
    return [{ name: String(memberOf(instance, 'name')), closeWorkers }];
  });
}

/** How a job is called in the report, such as `ship 17`. */
export function jobName(job: object): string {
  return `${String(memberOf(job, 'name'))} ${String(memberOf(job, 'id'))}`;
}

/** Gives an active job back to its queue and releases its lock, if the token still holds it. */
export async function giveBack(job: object, token: unknown): Promise<void> {
  const moveToWait = memberOf(job, 'moveToWait');
  if (!isMethod(moveToWait)) throw new Error('This BullMQ cannot give a job back.');
  await Reflect.apply(moveToWait, job, [token]);
}

/**
 * Closes a worker by force, also one whose `close()` waits already: that one is forgotten, or Nest would wait for
 * it as well. What it does when its jobs end after all has then been done.
 */
export async function closeByForce(worker: BullWorker): Promise<void> {
  // Processors that look at their signal stop.
  callMember(worker, 'cancelAllJobs');
  worker.closing = undefined;
  await worker.close(true);
}

/** The getters of hosts throw as long as there is nothing to get. */
function quietMember(host: object, member: string): unknown {
  try {
    return memberOf(host, member);
  } catch {
    return undefined;
  }
}

function isBullWorker(value: unknown): value is BullWorker {
  return isObject(value) && NEEDED.every((member) => isMethod(memberOf(value, member)));
}

function isBullEmitter(value: unknown): value is BullEmitter {
  return isObject(value) && ['emit', 'rawListeners'].every((member) => isMethod(memberOf(value, member)));
}
