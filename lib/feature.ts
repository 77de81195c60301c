import type { Server } from 'node:net';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { MarkedInstance, MarkedProvider } from './discovery/provider-scan.js';
import type { Callers } from './in-flight/callers.js';
import type { Notify } from './notice.js';
import type { MistakeList } from './plan/mistake.js';
import type { ShutdownTask } from './plan/task.js';
import type { Clock } from './run/clock.js';
import type { ShutdownEvent, ShutdownListener } from './run/events.js';

/** An application while Nest makes it: all modules are known, nothing is bound and nothing listens. */
export interface ApplicationInMaking {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly clock: Clock;
  /** Takes in what is wrong with the options of a feature; all mistakes are told at once. */
  readonly mistakes: MistakeList;
  /** The phase that an option at a path names; without one `drain`, or the first phase of a list without it. */
  readonly phase: (named: unknown, path: string) => string;
  /** Logs a message to the operator. */
  readonly notify: Notify;
  /** Has a server drained with those of the application, as `HttpDrain.watch()` does. */
  readonly watch: (server: Server) => void;
  /** The work in flight that may call the application's own transports: their doors close when it has ended. */
  readonly callers: Callers;
  /** Whether Nest has initialised it: before that nothing has been bound, and there is nothing to miss. */
  readonly isInitialised: () => boolean;
}

/** An application in the moment in which it is complete and has not started. */
export interface CompleteApplication {
  readonly providers: readonly MarkedProvider[];
  readonly mistakes: MistakeList;
  /** Takes in a task later, also while the shutdown runs. */
  readonly register: (task: ShutdownTask) => unknown;
}

/** Something that takes part in the shutdown with tasks of its own. */
export interface ShutdownFeature {
  /** Sees the application in the moment in which it is complete and has not started; answers with its tasks. */
  readonly prepare: (application: CompleteApplication) => readonly ShutdownTask[];
  /** Hears of instances with decorated methods that come into the application after that. */
  readonly found?: (instances: readonly MarkedInstance[], mistakes: MistakeList) => void;
  /** Follows the run. */
  readonly observe?: (event: ShutdownEvent) => void;
  /** The sockets that left HTTP and that it sends away itself: `HttpDrain` does so with all others. */
  readonly sockets?: () => Iterable<object>;
  /**
   * Asked as code of the application asks for the shutdown, with the methods that the call comes from, as
   * `Class.method`: whether one of them is work of this feature. Such work waits for the run, so from now on the
   * feature does not wait for it.
   */
  readonly asked?: (callers: ReadonlySet<string>) => boolean;
  /** Asked as the run begins: what follows it, where somebody wants that. */
  readonly follow?: () => ShutdownListener | undefined;
}

/** Makes a feature for an application: what the option `features` takes. */
export type ShutdownFeatureFactory = (application: ApplicationInMaking) => ShutdownFeature;
