export { EventRecorder } from './event-recorder.js';
export { FakeProcess } from './fake-process.js';
export type { Fault, FaultKind } from './fault.js';
export { LeakCheck } from './leak-check.js';
export { ManualClock } from './manual-clock.js';
export { prepareRun, runPlan, type RunHarness, type RunHarnessOptions } from './run-plan.js';
export { ShutdownHarness, type HarnessOptions } from './shutdown-harness.js';
export { onManualClock, type ModuleBuilder } from './test-bench.js';
