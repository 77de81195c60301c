import { callForeign } from '../run/foreign-call.js';
import { SHUTDOWN_CHANNELS, type RunTrace, type ShutdownTrace } from './trace.js';

/** The callbacks of `traceShutdown`. */
export interface ShutdownTraceSubscriber {
  /** A run, phase or task has started: a phase after its run, a task after its phase. */
  readonly started?: (trace: ShutdownTrace) => unknown;
  /** A run, phase or task has ended: `endedAt` and `outcome` are set. A late task may end after its phase. */
  readonly ended?: (trace: ShutdownTrace) => unknown;
}

/** The key of a run's `onFailure`. Global, so that it also works with another copy of the package. */
const ON_FAILURE = Symbol.for('nestjs-phased-shutdown.trace-failure');

/**
 * Traces every run, phase and task of the shutdowns that start in this process from now on. Returns a function that
 * unsubscribes. What a subscriber throws, or rejects with, is logged and affects neither the shutdown nor the process.
 * The shutdown does not wait for async subscribers.
 */
export function traceShutdown({ started, ended }: ShutdownTraceSubscriber): () => void {
  const onStart = guarded(started);
  const onEnd = guarded(ended);
  const channels = Object.values(SHUTDOWN_CHANNELS);
  for (const { start, asyncEnd } of channels) {
    start.subscribe(onStart);
    asyncEnd.subscribe(onEnd);
  }
  return () => {
    for (const { start, asyncEnd } of channels) {
      start.unsubscribe(onStart);
      asyncEnd.unsubscribe(onEnd);
    }
  };
}

/** Attaches `onFailure` to a run, for what its subscribers throw. */
export function withFailureSink(run: RunTrace, onFailure: (error: unknown) => void): RunTrace {
  return Object.defineProperty(run, ON_FAILURE, { value: onFailure });
}

function guarded(listener: (trace: ShutdownTrace) => unknown = () => undefined): (message: unknown) => void {
  return (message) => {
    if (!isTrace(message)) return;
    callForeign(
      () => listener(message),
      (error) => {
        const onFailure: unknown = Reflect.get(runOf(message), ON_FAILURE);
        if (typeof onFailure === 'function') onFailure(error);
      },
    );
  };
}

function runOf(trace: ShutdownTrace): RunTrace {
  switch (trace.kind) {
    case 'run':
      return trace;
    case 'phase':
      return trace.run;
    case 'task':
      return trace.phase.run;
  }
}

/** Anyone who knows the name of a channel can publish on it. */
function isTrace(message: unknown): message is ShutdownTrace {
  return typeof message === 'object' && message !== null && 'kind' in message && 'startedAt' in message;
}
