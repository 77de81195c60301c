import type { Channel } from 'node:diagnostics_channel';
import type { Mode } from '../plan/phase.js';
import type { ShutdownEvent, ShutdownListener, TaskEvent } from '../run/events.js';
import { withFailureSink } from './trace-shutdown.js';
import {
  SHUTDOWN_CHANNELS,
  type PhaseTrace,
  type RunTrace,
  type ShutdownTrace,
  type TaskTrace,
} from './trace.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Returns the listener that publishes a run on the channels. Called when the run starts; `undefined` if the channels
 * have no subscribers, so that an untraced run has no overhead.
 *
 * @param onFailure receives what a subscriber of `traceShutdown` threw
 */
export function traceRun(onFailure: (error: unknown) => void): ShutdownListener | undefined {
  if (!Object.values(SHUTDOWN_CHANNELS).some(isFollowed)) return undefined;
  const tracer = new RunTracer(onFailure);
  return (event) => tracer.observe(event);
}

/** Publishes the events of a run on the channels. */
class RunTracer {
  #run: Writable<RunTrace> | undefined;
  readonly #modes = new Map<string, Mode>();
  readonly #phases = new Map<string, Writable<PhaseTrace>>();
  /** The running tasks. */
  readonly #tasks = new Map<number, Writable<TaskTrace>>();

  constructor(private readonly onFailure: (error: unknown) => void) {}

  observe(event: ShutdownEvent): void {
    switch (event.type) {
      case 'task-started':
        this.#startTask(event);
        return;
      case 'task-finished':
        this.#endTask(event);
        return;
      case 'phase-started':
        this.#startPhase(event);
        return;
      case 'phase-finished':
        this.#end(SHUTDOWN_CHANNELS.phase, this.#phases.get(event.phase), event);
        return;
      case 'run-started': {
        const { reason, deadline, at, phases } = event;
        for (const { name, mode } of phases) this.#modes.set(name, mode);
        this.#run = withFailureSink({ kind: 'run', reason, deadline, startedAt: at }, this.onFailure);
        start(SHUTDOWN_CHANNELS.run, this.#run);
        return;
      }
      case 'run-finished':
        this.#end(SHUTDOWN_CHANNELS.run, this.#run, event);
        return;
      default:
      // What never started is not traced.
    }
  }

  #startPhase({ phase: name, taskCount, at }: Extract<ShutdownEvent, { type: 'phase-started' }>): void {
    const run = this.#run;
    const mode = this.#modes.get(name);
    if (run === undefined || mode === undefined) return;
    const trace: Writable<PhaseTrace> = { kind: 'phase', run, name, mode, taskCount, startedAt: at };
    this.#phases.set(name, trace);
    start(SHUTDOWN_CHANNELS.phase, trace);
  }

  #startTask({ id, phase: phaseName, task: name, at }: Extract<TaskEvent, { type: 'task-started' }>): void {
    const phase = this.#phases.get(phaseName);
    if (phase === undefined) return;
    const trace: Writable<TaskTrace> = { kind: 'task', phase, name, startedAt: at };
    this.#tasks.set(id, trace);
    start(SHUTDOWN_CHANNELS.task, trace);
  }

  #endTask(event: Extract<TaskEvent, { type: 'task-finished' }>): void {
    const trace = this.#tasks.get(event.id);
    if (trace === undefined) return;
    this.#tasks.delete(event.id);
    const { error, abandoned, inFlight } = event;
    trace.abandoned = abandoned;
    if (inFlight !== undefined) trace.inFlight = inFlight;
    if (error !== undefined) trace.error = error;
    this.#end(SHUTDOWN_CHANNELS.task, trace, event);
  }

  #end<T extends ShutdownTrace>(
    channels: Channels,
    trace: Writable<T> | undefined,
    { at, outcome }: { readonly at: number; readonly outcome: NonNullable<T['outcome']> },
  ): void {
    if (trace === undefined) return;
    trace.endedAt = at;
    trace.outcome = outcome;
    if ('error' in trace) channels.error.publish(trace);
    channels.asyncStart.publish(trace);
    channels.asyncEnd.publish(trace);
  }
}

/** The tracing channels of one kind. */
type Channels = Readonly<
  Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', Pick<Channel, 'hasSubscribers' | 'publish'>>
>;

function start(channels: Channels, trace: ShutdownTrace): void {
  channels.start.publish(trace);
  // Runs, phases and tasks are asynchronous: their synchronous part has no end of its own.
  channels.end.publish(trace);
}

function isFollowed({ start: begin, end, asyncStart, asyncEnd, error }: Channels): boolean {
  return (
    begin.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  );
}
