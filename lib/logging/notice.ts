import type { OrderDoubt } from '../plan/order-check.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { InFlightItem } from '../plan/task.js';
import type { RunningReport, ShutdownReport } from '../report/shutdown-report.js';

/** What is worth saying beside the events of a run. */
export type Notice =
  | Finding
  | { readonly kind: 'planned'; readonly plan: ShutdownPlan }
  | { readonly kind: 'order-doubted'; readonly doubt: OrderDoubt }
  | { readonly kind: 'runs-late' }
  | { readonly kind: 'plan-refused'; readonly error: Error }
  | { readonly kind: 'listener-failed'; readonly error: unknown }
  | { readonly kind: 'seam-missing'; readonly members: readonly string[] }
  /** Something that a feature cannot drain, or only in part. */
  | { readonly kind: 'not-drained'; readonly what: string; readonly why: string }
  /** A worker was closed by force: its jobs wait for another, but for those that could not be given back. */
  | {
      readonly kind: 'jobs-given-back';
      readonly queue: string;
      readonly jobs: readonly InFlightItem[];
      readonly kept: readonly { readonly item: InFlightItem; readonly error: unknown }[];
    }
  | { readonly kind: 'second-copy' }
  | { readonly kind: 'boot-awaited'; readonly reason: ShutdownReason }
  | { readonly kind: 'boot-given-up'; readonly waitedMs: number }
  | { readonly kind: 'teardown-failed'; readonly error: unknown }
  | { readonly kind: 'reported'; readonly report: ShutdownReport }
  /** What is stored of the last stop of this application. */
  | { readonly kind: 'last-stop'; readonly report: ShutdownReport | RunningReport }
  | { readonly kind: 'report-unreadable'; readonly file: string; readonly error: unknown }
  /** The report could not be taken to a place that the options name. */
  | { readonly kind: 'sink-failed'; readonly sink: string; readonly error: unknown }
  /** The port of the probes is open. */
  | { readonly kind: 'probes-listen'; readonly url: string; readonly paths: readonly string[] }
  | { readonly kind: 'probes-failed'; readonly error: unknown }
  /** What readiness waited for was rejected: the application never becomes ready, and shuts down. */
  | { readonly kind: 'hold-failed'; readonly hold: string; readonly error: unknown }
  /** A shutdown handler calls what waits for the end of the run that it is a part of. */
  | { readonly kind: 'waits-for-itself'; readonly task: string; readonly call: string }
  | ProcessNotice;

/** What is found at boot that will make the shutdown go wrong; each can be silenced by its kind. */
export type Finding =
  /** The plan may take longer than the platform grants. */
  | {
      readonly kind: 'does-not-fit';
      readonly plan: ShutdownPlan;
      readonly gracePeriod: number;
      readonly reserve: number;
    }
  /** The application was created with options of Nest's that work against the drain. */
  | { readonly kind: 'drain-opposed'; readonly options: readonly string[] }
  /** The process is the first of its container, and nothing looks after what it leaves behind. */
  | { readonly kind: 'pid-1' }
  /** The first process of the container is one that hands no signal on. */
  | { readonly kind: 'signals-kept'; readonly command: string }
  /** Others listen to signals that we listen to, and may end the process in the middle. */
  | { readonly kind: 'other-listeners'; readonly signals: readonly string[] }
  /** `app.enableShutdownHooks()` beside `enableGracefulShutdown(app)`. */
  | { readonly kind: 'hooks-beside' }
  /** A consumer has its messages acknowledged before they are handled. */
  | { readonly kind: 'no-ack'; readonly consumer: string }
  /** A provider closes in `onModuleDestroy`, before the phases, what a handler's provider injects. */
  | { readonly kind: 'destroyed-early'; readonly provider: string; readonly handler: string }
  /** A hook of Nest's runs when a handler has closed what its provider injects. */
  | { readonly kind: 'closed-before-hook'; readonly hook: string; readonly handler: string }
  /** A delay of `@nestjs/terminus` that waits once more, when the shutdown has ended. */
  | { readonly kind: 'terminus-delay'; readonly timeoutMs: number }
  /** The application listens, and nobody listens to the signals that are to stop it. */
  | { readonly kind: 'signals-unheard'; readonly signals: readonly string[] };

/** What the option `doctor` silences a finding by. */
export type FindingKind = Finding['kind'];

/** Every kind of finding. */
export const FINDING_KINDS: readonly FindingKind[] = [
  'does-not-fit',
  'drain-opposed',
  'pid-1',
  'signals-kept',
  'other-listeners',
  'hooks-beside',
  'no-ack',
  'destroyed-early',
  'closed-before-hook',
  'terminus-delay',
  'signals-unheard',
];

/** What the process says in its last moments; these lines are written before it ends. */
export type ProcessNotice =
  | {
      readonly kind: 'escalated';
      readonly signal: string;
      readonly afterMs: number;
      readonly abandoned: readonly string[];
    }
  | {
      readonly kind: 'deadline-passed';
      readonly afterMs: number;
      readonly abandoned: readonly string[];
      /** What holds the process where no task does. */
      readonly leftovers?: readonly string[];
    }
  | {
      readonly kind: 'fatal-error';
      readonly error: unknown;
      readonly origin: string;
      readonly second: boolean;
    }
  | { readonly kind: 'kept-alive'; readonly afterMs: number; readonly leftovers: readonly string[] }
  /** Something else ended the process before everything was closed. */
  | {
      readonly kind: 'cut-short';
      readonly code: number;
      readonly caller: string | undefined;
      readonly abandoned: readonly string[];
    };
