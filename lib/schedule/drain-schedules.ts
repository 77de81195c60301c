import { notDrained } from '../notice.js';
import type { ShutdownFeatureFactory } from '../feature.js';
import { checkKeys, isRecord, shown } from '../plan/check-setting.js';
import { distinctName } from '../plan/task.js';
import { ScheduleDrain } from './schedule-drain.js';
import { ScheduleNames } from './schedule-names.js';
import { registriesIn } from './schedule-seams.js';

/** The options of `drainSchedules()`. */
export interface ScheduleDrainOptions {
  /**
   * The phase that waits for the jobs that run. They are stopped before, as the shutdown begins.
   * @default 'drain', or the first phase of a list without it
   */
  readonly phase?: string;
}

const PATH = 'drainSchedules()';

const NO_REGISTRY =
  'there is no SchedulerRegistry with addCronJob(), addInterval() and addTimeout(). Import ScheduleModule.forRoot()';

/**
 * Stops the crons, intervals and timeouts of `@nestjs/schedule` as the shutdown begins, declared ones and those that
 * were added at run time, and waits for those that run. What is added later does not start. Nest deletes them as ever.
 */
export function drainSchedules(options: ScheduleDrainOptions = {}): ShutdownFeatureFactory {
  return ({ modules, clock, mistakes, notify, phase: phaseOf }) => {
    if (!isRecord(options)) {
      mistakes.add('SHUTDOWN_INVALID_OPTION', PATH, `expected { phase }, got ${shown(options)}.`);
    }
    const written = isRecord(options) ? options : {};
    checkKeys(written, ['phase'], { path: PATH, mistakes });
    const phase = phaseOf(written['phase'], `${PATH}.phase`);
    return {
      prepare: () => {
        const registries = registriesIn(modules);
        if (registries.length === 0) notify(notDrained('The schedule', NO_REGISTRY));
        const names = new ScheduleNames(modules);
        const taken = new Set<string>();
        return registries.flatMap((registry) =>
          new ScheduleDrain(registry, { clock, names, notify }).tasks({
            name: distinctName('ScheduleDrain', taken),
            phase,
          }),
        );
      },
    };
  };
}
