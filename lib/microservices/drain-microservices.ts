import { notDrained } from '../notice.js';
import type { ShutdownFeatureFactory } from '../feature.js';
import { checkKeys, isOneOf, isRecord, shown } from '../plan/check-setting.js';
import { distinctName, type ShutdownTask } from '../plan/task.js';
import { AnsweringStreams } from './answering-streams.js';
import { drainTask } from './drain-task.js';
import { missingMembers } from '../nest/members.js';
import { followHandlerMethods } from './handler-methods.js';
import { clientsIn } from './own-clients.js';
import { serversOf } from './server-seams.js';
import { transportOf } from './transports.js';

/** The options of `drainMicroservices()`. */
export interface MicroserviceDrainOptions {
  /**
   * The phase in which servers stop taking messages and finish those they have taken.
   * @default 'drain', or the first phase if the list has no `drain`
   */
  readonly phase?: string;
  /**
   * What happens to the streams that calls are answered with. `'finish'` waits for them. `'end'` completes them
   * when the drain begins, for streams that never end by themselves. Until its first value a stream looks like a
   * single answer, so it is waited for. On gRPC, `'end'` also ends the streams that clients send.
   * @default 'finish'
   */
  readonly streams?: 'finish' | 'end';
}

const STREAMS = ['finish', 'end'];
const PATH = 'drainMicroservices()';
const NO_REGISTRY = 'this version of Nest has no getRpcTargetRegistry(), which lists the servers';

/**
 * Drains every server of Nest's microservices, in microservices and hybrid apps. Each server stops taking messages,
 * finishes those it has taken, and sends their replies. Nest closes it at the end.
 *
 * @throws ShutdownConfigurationError at boot, if an option is invalid
 */
export function drainMicroservices(options: MicroserviceDrainOptions = {}): ShutdownFeatureFactory {
  return ({ modules, clock, mistakes, notify, callers, phase: phaseOf }) => {
    if (!isRecord(options)) {
      mistakes.add('SHUTDOWN_INVALID_OPTION', PATH, `expected { phase, streams }, got ${shown(options)}.`);
    }
    const written = isRecord(options) ? options : {};
    checkKeys(written, ['phase', 'streams'], { path: PATH, mistakes });
    const phase = phaseOf(written['phase'], `${PATH}.phase`);
    const { streams = 'finish' } = written;
    isOneOf(streams, STREAMS, { path: `${PATH}.streams`, mistakes });
    const answers = new AnsweringStreams(streams === 'end' ? 'end' : 'finish');
    const ports = { clock, notify, answers, clients: clientsIn(modules) };
    followHandlerMethods(modules);
    const names = new Set<string>();
    const seen: ShutdownTask[] = [];
    let take = (task: ShutdownTask): unknown => seen.push(task);

    // Nest reports each server when it is created, before it listens, and replays it to later subscribers.
    const isFound = serversOf(modules, (server) => {
      const drain = transportOf(server, ports);
      const missing = missingMembers(server, drain.seams);
      if (missing.length > 0) {
        notify(notDrained(drain.name, `its server has no ${missing.join(', ')}`));
      }
      const name = distinctName(`MicroserviceDrain (${drain.name})`, names);
      const mayBeCalled = (): boolean => ports.clients.mayCall(server);
      take(drainTask(server, drain, { name, phase, clock, answers, callers, mayBeCalled }));
    });
    if (!isFound) notify(notDrained('Incoming microservice traffic', NO_REGISTRY));
    return {
      prepare: ({ register }) => {
        take = register;
        return seen;
      },
    };
  };
}
