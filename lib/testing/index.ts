export { EventRecorder } from './event-recorder.js';
export { FakeProcess } from './fake-process.js';
export { ManualClock } from './manual-clock.js';
export { prepareRun, runPlan, type RunHarness, type RunHarnessOptions } from './run-plan.js';
