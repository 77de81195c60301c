import type { ModulesContainer } from '@nestjs/core';
import { callMember, classNames, isMethod, isObject, memberOf, replaceMethod } from '../nest/members.js';
import { allInstances } from '../discovery/provider-scan.js';

/**
 * Where `@nestjs/bullmq` keeps its workers, and the members of BullMQ that we use. Classes are recognised by name
 * and members by feature, so that neither package is loaded here.
 */

/** The members of a worker that we use: all are public in BullMQ 5 and 6. */
export interface BullWorker extends BullEmitter {
  /** The promise of the first `close()`. Later calls return it too, even forced ones. */
  closing: unknown;
  isRunning(): boolean;
  /** Stops fetching jobs; with `true` it does not wait for active ones. */
  pause(doNotWaitActive: true): Promise<void>;
  /** Stops fetching jobs, waits for active ones (unless forced), and disconnects. */
  close(force?: boolean): Promise<void>;
}

/** Emits the events of a queue through Node's `EventEmitter`: a worker, or a `QueueEvents`. */
export interface BullEmitter {
  /** The name of its queue. */
  readonly name: string;
  emit(event: string, ...args: readonly unknown[]): boolean;
  rawListeners(event: string | symbol): readonly unknown[];
}

/** A provider that is a worker, or holds one. */
export type WorkerProvider =
  | { readonly kind: 'worker'; readonly worker: BullWorker }
  /** Its worker is created later. */
  | { readonly kind: 'waiting'; readonly name: string }
  /** Its worker lacks members that we need. */
  | { readonly kind: 'unknown'; readonly name: string };

const NEEDED = ['isRunning', 'pause', 'close', 'processJob', 'emit', 'rawListeners'];

/** The providers that process jobs: each `WorkerHost`, including request-scoped ones, and each `Worker`. */
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

/** The emitters of queue events in this app: those of each `QueueEventsHost`, and each `QueueEvents`. */
export function queueEventsIn(modules: ModulesContainer): readonly BullEmitter[] {
  return allInstances(modules).flatMap((instance) => {
    const names = classNames(instance);
    const found = names.includes('QueueEventsHost') ? quietMember(instance, 'queueEvents') : instance;
    return (names.includes('QueueEvents') || found !== instance) && isBullEmitter(found) ? [found] : [];
  });
}

/**
 * Calls back when workers are created later, as with `manualRegistration`. Returns whether a `BullRegistrar` was
 * found.
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

/** A queue whose workers are hidden: `registerQueue({ processors })` keeps them in a closure. */
export interface QueueWithProcessors {
  readonly name: string;
  /** Closes these workers, each after its active jobs have ended. The queue stays open. */
  readonly closeWorkers: () => unknown;
}

export function queuesWithProcessors(modules: ModulesContainer): readonly QueueWithProcessors[] {
  return allInstances(modules).flatMap((instance) => {
    if (!classNames(instance).includes('Queue')) return [];
    const options = memberOf(instance, 'opts');
    const processors = isObject(options) ? memberOf(options, 'processors') : undefined;
    const close = memberOf(instance, 'onApplicationShutdown');
    if (!Array.isArray(processors) || processors.length === 0 || !isMethod(close)) return [];
    // The hook closes its workers and then `this`, so `this` is an object with nothing to close.
    const closeWorkers = (): unknown => Reflect.apply(close, { close: () => Promise.resolve() }, []);
    return [{ name: String(memberOf(instance, 'name')), closeWorkers }];
  });
}

/** The name of a job in the report, such as `ship 17`. */
export function jobName(job: object): string {
  return `${String(memberOf(job, 'name'))} ${String(memberOf(job, 'id'))}`;
}

/**
 * Gives an active job back to its queue and releases its lock, if the token still holds it.
 *
 * @throws Error if this version of BullMQ has no `moveToWait`
 */
export async function giveBack(job: object, token: unknown): Promise<void> {
  const moveToWait = memberOf(job, 'moveToWait');
  if (!isMethod(moveToWait))
    throw new Error('This version of BullMQ cannot give a job back: the job has no moveToWait().');
  await Reflect.apply(moveToWait, job, [token]);
}

/**
 * Closes a worker by force, even if its `close()` is still waiting. That promise is dropped, or Nest would wait for
 * it too.
 */
export async function closeByForce(worker: BullWorker): Promise<void> {
  // Processors that watch their signal stop.
  callMember(worker, 'cancelAllJobs');
  worker.closing = undefined;
  await worker.close(true);
}

/** The getters of hosts throw while there is nothing to return. */
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
