import { InjectionGraph, type Injections } from '../plan/injection-graph.js';
import { MistakeList } from '../plan/mistake.js';
import type { PhaseOptions } from '../plan/phase.js';
import { PhaseGraph } from '../plan/phase-graph.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownTask } from '../plan/task.js';
import { foldReport } from '../report/fold-report.js';
import type { ShutdownReport } from '../report/shutdown-report.js';
import { ShutdownRun } from '../run/shutdown-run.js';
import { TaskRegistry } from '../run/task-registry.js';
import { EventRecorder } from './event-recorder.js';
import { faulty, type Fault } from './fault.js';
import { ManualClock } from './manual-clock.js';

/** A run on a fake clock that records every event. */
export interface RunHarness {
  readonly run: ShutdownRun;
  readonly clock: ManualClock;
  readonly recorder: EventRecorder;
  /** Starts the run, advances the clock until it ends, and returns the report. */
  readonly finish: (reason?: ShutdownReason) => Promise<ShutdownReport>;
}

/** The phases and tasks of a run, and its time limits. */
export interface RunHarnessOptions {
  readonly phases: readonly PhaseOptions[];
  readonly tasks?: readonly ShutdownTask[];
  readonly injections?: Injections;
  /** Faults to inject, by task name. */
  readonly faults?: Readonly<Record<string, Fault>>;
  /**
   * Upper bound in milliseconds for the whole run.
   * @default 29 000
   */
  readonly limit?: number;
  /**
   * Milliseconds between progress events.
   * @default 5 000
   */
  readonly progressInterval?: number;
  readonly clock?: ManualClock;
}

/**
 * Prepares a run of the engine without an application.
 *
 * @throws ShutdownConfigurationError with all configuration errors of the phases and tasks
 */
export function prepareRun(options: RunHarnessOptions): RunHarness {
  const { phases, tasks = [], injections = new Map(), faults = {}, limit = 29_000 } = options;
  const { clock = new ManualClock(1_000_000), progressInterval = 5_000 } = options;
  const mistakes = new MistakeList();
  const registry = new TaskRegistry(PhaseGraph.from(phases, mistakes), {
    wrap: (task) => faulty(task, { clock, faultOf: (name) => faults[name] }),
  });
  registry.seal(tasks, { injections: new InjectionGraph(injections), mistakes });
  const run = new ShutdownRun(registry, { clock, limit, progressInterval });
  const recorder = new EventRecorder();
  run.listen(recorder.listener);
  const finish = async (
    reason: ShutdownReason = { kind: 'request', message: 'a test' },
  ): Promise<ShutdownReport> => {
    await clock.runUntil(run.start(reason));
    const report = foldReport(recorder.events);
    if (report === undefined || report.outcome === 'running') throw new Error('The run has not ended.');
    return report;
  };
  return { run, clock, recorder, finish };
}

/** Runs phases and tasks to their end on a fake clock, and returns the report, the run and the recorded events. */
export async function runPlan(
  options: RunHarnessOptions,
): Promise<RunHarness & { readonly report: ShutdownReport }> {
  const harness = prepareRun(options);
  return { ...harness, report: await harness.finish() };
}
