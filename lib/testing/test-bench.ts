import type { Ports } from '../assembly.js';
import { PORTS } from '../graceful-shutdown.module.js';
import type { ProcessGuard } from '../process/process-guard.js';
import { guardOf } from '../process/shared-guard.js';
import type { ShutdownTask } from '../plan/task.js';
import type { TaskWrapper } from '../run/task-registry.js';
import { FakeProcess } from './fake-process.js';
import { faulty, type Fault } from './fault.js';
import { LeakCheck } from './leak-check.js';
import { ManualClock } from './manual-clock.js';
import { MemoryFiles } from './memory-files.js';

/** What the harness needs from a `TestingModuleBuilder` of `@nestjs/testing`. */
export interface ModuleBuilder {
  /** Overrides a provider. */
  overrideProvider(token: symbol): {
    /** Sets the value. The return value is ignored. */
    useValue(value: unknown): unknown;
  };
}

/** The fakes that an application is tested on: clock, process, files, and injected faults. */
export class TestBench implements Ports, TaskWrapper {
  readonly clock = new ManualClock(Date.now());
  readonly process = new FakeProcess();
  readonly files = new MemoryFiles();
  readonly guard: ProcessGuard = guardOf(this.process, this.clock);
  readonly tasks: TaskWrapper = this;
  readonly notices = [];
  /** What exists before the application is created is not a leak of it. */
  readonly leaks = new LeakCheck();
  readonly faults = new Map<string, Fault>();

  wrap(task: ShutdownTask): ShutdownTask {
    return faulty(task, { clock: this.clock, faultOf: (name) => this.faults.get(name) });
  }
}

/**
 * Gives the application a fake clock, a fake process and in-memory report files: no signal reaches the real process,
 * nothing exits it, and no report of a real shutdown is overwritten. Pass the application to
 * `ShutdownHarness.of(app)`.
 */
export function onManualClock<B extends ModuleBuilder>(builder: B): B {
  const bench = new TestBench();
  builder.overrideProvider(PORTS).useValue(bench);
  return builder;
}
