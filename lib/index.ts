export { GracefulShutdownModule } from './graceful-shutdown.module.js';
export { GracefulShutdown } from './graceful-shutdown.js';
export type { ShutdownState } from './lifecycle/application-shutdown.js';
export type {
  ApplicationInMaking,
  CompleteApplication,
  ShutdownFeature,
  ShutdownFeatureFactory,
} from './feature.js';
export type { ExitMode, GracefulShutdownOptions, RunAt } from './graceful-shutdown.options.js';
export { enableGracefulShutdown } from './lifecycle/enable-graceful-shutdown.js';
export type { ExitRequest } from './process/exit-requests.js';
export { OnShutdown, type OnShutdownOptions } from './discovery/on-shutdown.decorator.js';
export { InFlight } from './in-flight/in-flight.decorator.js';
export { InFlightWork, ShutdownInProgressError } from './in-flight/in-flight-work.js';
export type { DoctorOptions } from './startup-checks/doctor.options.js';
export type { FindingCode } from './startup-checks/finding.js';
export type { Notice } from './notice.js';
export { HttpDrain } from './http/http-drain.js';
export type { HttpOptions, LateRequests } from './http/http.options.js';
export type { EventStreamFarewell } from './http/event-stream.js';
export type { ProbesOptions, ProbeWhileDraining } from './probes/probes.options.js';
export type { ReportOptions } from './report-output/report.options.js';
export { ProbeServer } from './probes/probe-server.js';
export { Readiness, type ReadinessState } from './readiness/readiness.js';

export { DEFAULT_PHASES, type Mode, type OnFailure, type Phase, type PhaseOptions } from './plan/phase.js';
export type { ShutdownReason } from './plan/reason.js';
export type { InFlightItem, ShutdownContext, ShutdownTask } from './plan/task.js';
export type { LongestPath, PlannedPhase, ShutdownPlan } from './plan/shutdown-plan.js';
export { buildPlan } from './plan/build-plan.js';
export { planText } from './plan/plan-text.js';
export {
  ShutdownConfigurationError,
  type ShutdownMistake,
  type ShutdownMistakeCode,
} from './plan/mistake.js';

export { ShutdownSelfWaitError, ShutdownTaskError, ShutdownTimeoutError } from './run/errors.js';
export type { Clock, Timer } from './run/clock.js';
export type { AwaitedTask, ShutdownEvent, ShutdownListener, SkipCause, TaskEvent } from './run/events.js';
export type { PhaseOutcome, RunOutcome, TaskOutcome } from './run/outcome.js';
export type { ShutdownRegistration } from './run/registration.js';
export type { RunOptions } from './run/shutdown-run.js';

export type {
  PhaseReport,
  ProcessEnd,
  ReportedPhaseOutcome,
  ReportedTaskOutcome,
  RunningReport,
  ShutdownReport,
  TaskReport,
} from './report/shutdown-report.js';
export { shortReport } from './report/short-report.js';
export { timeline } from './report/timeline.js';
export {
  reportToJson,
  type PhaseJson,
  type ProcessEndJson,
  type ReasonJson,
  type ReportJson,
  type ReportJsonOptions,
  type TaskJson,
} from './report/report-json.js';
export type { ErrorJson, ThrownJson } from './report/error-json.js';
export { reportFromJson } from './report/read-report.js';
export { ShutdownReportError } from './report/report-shape.js';
export { reportToHtml } from './report-output/html/page.js';

export {
  SHUTDOWN_CHANNELS,
  type PhaseTrace,
  type RunTrace,
  type ShutdownTrace,
  type TaskTrace,
} from './tracing/trace.js';
export { traceShutdown, type ShutdownTraceSubscriber } from './tracing/trace-shutdown.js';
