import type { Server } from 'node:net';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { MarkedInstance, MarkedProvider } from './discovery/provider-scan.js';
import type { Notify } from './notice.js';
import type { MistakeList } from './plan/mistake.js';
import type { ShutdownTask } from './plan/task.js';
import type { Clock } from './run/clock.js';
import type { ShutdownEvent, ShutdownListener } from './run/events.js';

/** The messages that one of the app's own transports has taken and not finished. */
export interface DoorWork {
  /** Resolves when everything in flight now has ended. Work that starts meanwhile does not count. */
  settled(): Promise<void>;
}

/** The work in flight that may call the app's own transports. A transport that can be called is a door. */
export interface DoorCallers {
  /** Adds a task that drains a door. Other work may call it. */
  addDoor(task: string, work: DoorWork): void;
  /** Resolves when no work in the phase can call a door any more. */
  ended(phase: string): Promise<void>;
}

/** An app while Nest creates it: every module is known, nothing is bound and nothing listens. */
export interface ApplicationInMaking {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly clock: Clock;
  /** Collects what is wrong with the options of a feature: all configuration errors are thrown at once. */
  readonly mistakes: MistakeList;
  /** The phase that an option at a path names. Without a name: `drain`, or the first phase of a list without it. */
  readonly phase: (named: unknown, path: string) => string;
  /** Logs a message to the operator. */
  readonly notify: Notify;
  /** Has a server drained with those of the app, as `HttpDrain.watch()` does. */
  readonly watch: (server: Server) => void;
  /** The work in flight that may call the app's own transports: their doors close when it has ended. */
  readonly callers: DoorCallers;
  /** Whether Nest has initialised the app. Before that nothing is bound, and nothing can be missing. */
  readonly isInitialised: () => boolean;
}

/** An app that is complete and has not started. */
export interface CompleteApplication {
  readonly providers: readonly MarkedProvider[];
  readonly mistakes: MistakeList;
  /** Registers a task later, also while the shutdown runs. */
  readonly register: (task: ShutdownTask) => unknown;
}

/** Takes part in the shutdown with tasks of its own: the drains of the core and of the optional peers alike. */
export interface ShutdownFeature {
  /** Returns the tasks of the feature. Called once, when the app is complete and has not started. */
  readonly prepare: (application: CompleteApplication) => readonly ShutdownTask[];
  /** Receives instances with decorated methods that are created later. */
  readonly found?: (instances: readonly MarkedInstance[], mistakes: MistakeList) => void;
  /** Receives every event of the run. */
  readonly observe?: (event: ShutdownEvent) => void;
  /** The upgraded sockets that the feature closes itself. `HttpDrain` closes all others. */
  readonly sockets?: () => Iterable<object>;
  /**
   * Called when code of the app asks for the shutdown. Returns whether the call comes from work of this feature, which
   * then waits for the run: the feature must not wait for that work any more.
   *
   * @param callers the methods on the stack of the call, as `Class.method`
   */
  readonly asked?: (callers: ReadonlySet<string>) => boolean;
  /** Returns a listener for the run as it begins, or nothing. */
  readonly follow?: () => ShutdownListener | undefined;
}

/** Creates a feature for an app: the element type of the option `features`. */
export type ShutdownFeatureFactory = (application: ApplicationInMaking) => ShutdownFeature;
