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

/** What the harness needs of a `TestingModuleBuilder` of `@nestjs/testing`. */
export interface ModuleBuilder {
  /** Puts a value in the place of a provider. */
  overrideProvider(token: symbol): {
    /** The value; what it answers with is not used. */
    useValue(value: unknown): unknown;
  };
}

/** The stand-ins on which an application is tested: its clock, its process, and what goes wrong in its tasks. */
export class TestBench implements Ports, TaskWrapper {
  readonly clock = new ManualClock(Date.now());
  readonly process = new FakeProcess();
  readonly files = new MemoryFiles();
  readonly guard: ProcessGuard = guardOf(this.process, this.clock);
  readonly tasks: TaskWrapper = this;
  readonly notices = [];
  /** What is there before the application is made is no leak of its own. */
  readonly leaks = new LeakCheck();
  readonly faults = new Map<string, Fault>();

  wrap(task: ShutdownTask): ShutdownTask {
    return faulty(task, { clock: this.clock, faultOf: (name) => this.faults.get(name) });
  }
}

/**
 * Lets the application that is built have a manual clock, and a process and files for its report of its own: signals
 * are played, nothing ends the real process, and no report of a real stop is replaced. The application is then taken by `ShutdownHarness.of(app)`.
 */
export function onManualClock<B extends ModuleBuilder>(builder: B): B {
  const bench = new TestBench();
  builder.overrideProvider(PORTS).useValue(bench);
  return builder;
}
