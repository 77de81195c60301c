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
   * The phase that waits for running jobs. No new run starts from the beginning of the shutdown.
   * @default 'drain', or the first phase if the list has no `drain`
   */
  readonly phase?: string;
}

const PATH = 'drainSchedules()';

const NO_REGISTRY =
  'no SchedulerRegistry with addCronJob(), addInterval() and addTimeout() was found. Import ScheduleModule.forRoot()';

/**
 * Stops the crons, intervals and timeouts of `@nestjs/schedule` at the start of the shutdown, and waits for the
 * runs in progress. Covers declared jobs and those added at run time; jobs added during the shutdown never start.
 * Nest still deletes them all at the end.
 *
 * @throws ShutdownConfigurationError at boot, if an option is invalid
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
