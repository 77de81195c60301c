// The module and its decorators: what an application imports to be shut down in phases.
export { GracefulShutdownModule } from './graceful-shutdown.module.js';
export type { GracefulShutdownOptions } from './graceful-shutdown.options.js';
export { enableGracefulShutdown } from './lifecycle/enable-graceful-shutdown.js';
export { OnShutdown, type OnShutdownOptions } from './discovery/on-shutdown.decorator.js';
export { InFlight } from './in-flight/in-flight.decorator.js';
export type { ShutdownContext } from './plan/task.js';
export { DEFAULT_PHASES, type Mode, type PhaseOptions } from './plan/phase.js';

// What is injected: the providers of the module, and what they accept and return.
export { GracefulShutdown } from './graceful-shutdown.js';
export type { ShutdownState } from './lifecycle/application-shutdown.js';
export type { InFlightItem, ShutdownTask } from './plan/task.js';
export type { ShutdownRegistration } from './run/registration.js';
export type { ShutdownEvent } from './run/events.js';
export type { ShutdownPlan } from './plan/shutdown-plan.js';
export { InFlightWork } from './in-flight/in-flight-work.js';
export { Readiness } from './readiness/readiness.js';
export { HttpDrain } from './http/http-drain.js';
export { ProbeServer } from './probes/probe-server.js';

// The report: what happened, as an object, as text, as JSON, as a page, and as spans of a tracer.
export type { PhaseReport, RunningReport, ShutdownReport, TaskReport } from './report/shutdown-report.js';
export { timeline } from './report/timeline.js';
export { shortReport } from './report/short-report.js';
export { reportToHtml } from './report-output/html/page.js';
export {
  reportToJson,
  type PhaseJson,
  type ProcessEndJson,
  type ReasonJson,
  type ReportJson,
  type TaskJson,
} from './report/report-json.js';
export type { ErrorJson } from './report/error-json.js';
export { reportFromJson } from './report/read-report.js';
export { SHUTDOWN_CHANNELS, type ShutdownTrace } from './tracing/trace.js';
export { traceShutdown } from './tracing/trace-shutdown.js';

// The errors that an application may catch, and the types that they mention.
export { ShutdownConfigurationError, type ShutdownMistake } from './plan/mistake.js';
export { ShutdownInProgressError } from './in-flight/in-flight-work.js';
export { ShutdownReportError } from './report/report-shape.js';
export { ShutdownSelfWaitError, ShutdownTaskError, ShutdownTimeoutError } from './run/errors.js';
export type { ShutdownReason } from './plan/reason.js';
