import { notDrained } from '../notice.js';
import type { ApplicationInMaking, ShutdownFeatureFactory } from '../feature.js';
import { checkKeys, isRecord, isTimeout, shown } from '../plan/check-setting.js';
import { distinctName, type ShutdownTask } from '../plan/task.js';
import { afterRegistration, queueEventsIn, queuesWithProcessors, workerProviders } from './bull-seams.js';
import { QueueEventsDrain, type EventSource } from './queue-events-drain.js';
import { WorkerDrain } from './worker-drain.js';

/** The options of `drainWorkers()`. */
export interface WorkerDrainOptions {
  /**
   * The phase in which workers stop fetching jobs and finish active ones.
   * @default 'drain', or the first phase if the list has no `drain`
   */
  readonly phase?: string;
  /**
   * Milliseconds before the end of that phase at which an unfinished worker is closed by force and its jobs go back
   * to the queue. At most half of the time that is left.
   * @default 500
   */
  readonly reserve?: number;
}

const PATH = 'drainWorkers()';
const RESERVE = 500;

const UNKNOWN =
  'its worker lacks one of isRunning(), pause(), close(), processJob(), emit() and rawListeners(), which the workers of BullMQ 5 and 6 have';
const UNSEEN =
  'its worker was created neither at startup nor by a BullRegistrar, so it fetches jobs until Nest closes it';
const NO_WORKERS =
  'no WorkerHost, Worker or BullRegistrar was found. Import BullModule.forRoot() and BullModule.registerQueue()';
const PROCESSORS =
  'Nest hides the workers of registerQueue({ processors }), so their jobs finish, but are neither named nor given back at the deadline. Use a class with @Processor() instead';

/**
 * Drains every worker of `@nestjs/bullmq`. All stop fetching at once, then finish their active jobs and the async
 * listeners of their events. Queues, flow producers and queue events stay open for jobs that these add; Nest closes
 * them at the end.
 *
 * @throws ShutdownConfigurationError at boot, if an option is invalid
 */
export function drainWorkers(options: WorkerDrainOptions = {}): ShutdownFeatureFactory {
  return (application) => {
    const { modules, clock, notify } = application;
    const { phase, reserve } = readOptions(options, application);
    const names = new Set<string>();
    const seen = new Set<object>();
    const tasks: ShutdownTask[] = [];
    let take = (task: ShutdownTask): unknown => tasks.push(task);
    const sources: EventSource[] = [];
    const placeOf = (what: string, task = 'WorkerDrain') => ({
      phase,
      name: distinctName(`${task} (${what})`, names),
    });

    const adoptEvents = (): void => {
      for (const events of queueEventsIn(modules).filter((each) => !seen.has(each))) {
        seen.add(events);
        const drain = new QueueEventsDrain(events, { clock, sources: () => sources });
        take(drain.task(placeOf(events.name, 'QueueEventsDrain')));
      }
    };

    /** Adds the workers that exist now. Returns the names of providers whose worker does not exist yet. */
    const adoptWorkers = (): readonly string[] =>
      workerProviders(modules).flatMap((found) => {
        if (found.kind === 'waiting') return [found.name];
        if (found.kind === 'unknown') notify(notDrained(found.name, UNKNOWN));
        if (found.kind === 'unknown' || seen.has(found.worker)) return [];
        seen.add(found.worker);
        const drain = new WorkerDrain(found.worker, { clock, notify, reserve });
        sources.push(drain.source);
        take(drain.task(placeOf(found.worker.name)));
        return [];
      });

    // Workers first, so that they drain first in a sequential phase.
    const adopt = (): readonly string[] => {
      const waiting = adoptWorkers();
      adoptEvents();
      return waiting;
    };

    return {
      prepare: ({ register }) => {
        const waiting = adopt();
        if (!afterRegistration(modules, adopt)) {
          for (const what of waiting) notify(notDrained(what, UNSEEN));
          if (workerProviders(modules).length === 0) notify(notDrained('BullMQ', NO_WORKERS));
        }
        for (const { name, closeWorkers } of queuesWithProcessors(modules)) {
          notify(notDrained(`The queue '${name}'`, PROCESSORS));
          take({ ...placeOf(`${name}, processors`), run: () => closeWorkers() });
        }
        take = register;
        return tasks;
      },
    };
  };
}

function readOptions(
  options: unknown,
  { mistakes, phase }: ApplicationInMaking,
): { readonly phase: string; readonly reserve: number } {
  if (!isRecord(options)) {
    mistakes.add('SHUTDOWN_INVALID_OPTION', PATH, `expected { phase, reserve }, got ${shown(options)}.`);
  }
  const written = isRecord(options) ? options : {};
  checkKeys(written, ['phase', 'reserve'], { path: PATH, mistakes });
  const { reserve = RESERVE } = written;
  return {
    phase: phase(written['phase'], `${PATH}.phase`),
    reserve: isTimeout(reserve, { path: `${PATH}.reserve`, mistakes }) ? reserve : RESERVE,
  };
}
