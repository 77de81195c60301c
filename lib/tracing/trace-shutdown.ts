import { callForeign } from '../run/foreign-call.js';
import { SHUTDOWN_CHANNELS, type RunTrace, type ShutdownTrace } from './trace.js';

/** Who follows the shutdowns of the process. */
export interface ShutdownTraceSubscriber {
  /** It has begun; a phase after its run, a task after its phase. */
  readonly started?: (trace: ShutdownTrace) => unknown;
  /** It has ended: `endedAt` and `outcome` are there. A task that came late may end after its phase. */
  readonly ended?: (trace: ShutdownTrace) => unknown;
}

/** Under this key a run carries what is to be told of a subscriber that throws, also to another copy of the package. */
const ON_FAILURE = Symbol.for('nestjs-phased-shutdown.trace-failure');

/**
 * Follows every run, phase and task of the shutdowns that begin in this process from now on; the answer ends that. What a
 * subscriber throws is logged, and so is the rejection of an async one: neither harms the shutdown or the process. The
 * shutdown does not wait for an async subscriber.
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

/** Lets a run carry the one that hears of what its subscribers throw. */
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

/** A channel may be published on by anybody who knows its name. */
function isTrace(message: unknown): message is ShutdownTrace {
  return typeof message === 'object' && message !== null && 'kind' in message && 'startedAt' in message;
}
