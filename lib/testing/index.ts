export { EventRecorder } from './event-recorder.js';
export { ManualClock } from './manual-clock.js';
export { prepareRun, runPlan, type RunHarness, type RunHarnessOptions } from './run-plan.js';
