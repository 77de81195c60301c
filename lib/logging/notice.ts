import type { OrderDoubt } from '../plan/order-check.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownReport } from '../report/shutdown-report.js';

/** What is worth saying beside the events of a run. */
export type Notice =
  | { readonly kind: 'planned'; readonly plan: ShutdownPlan }
  | {
      readonly kind: 'does-not-fit';
      readonly plan: ShutdownPlan;
      readonly gracePeriod: number;
      readonly reserve: number;
    }
  | { readonly kind: 'order-doubted'; readonly doubt: OrderDoubt }
  | { readonly kind: 'runs-late' }
  | { readonly kind: 'plan-refused'; readonly error: Error }
  | { readonly kind: 'listener-failed'; readonly error: unknown }
  | { readonly kind: 'seam-missing'; readonly members: readonly string[] }
  | { readonly kind: 'drain-opposed'; readonly options: readonly string[] }
  | { readonly kind: 'second-copy' }
  | { readonly kind: 'boot-awaited'; readonly reason: ShutdownReason }
  | { readonly kind: 'boot-given-up'; readonly waitedMs: number }
  | { readonly kind: 'teardown-failed'; readonly error: unknown }
  | { readonly kind: 'reported'; readonly report: ShutdownReport }
  | ProcessNotice;

/** What the process says in its last moments; these lines are written before it ends. */
export type ProcessNotice =
  | {
      readonly kind: 'escalated';
      readonly signal: string;
      readonly afterMs: number;
      readonly abandoned: readonly string[];
    }
  | { readonly kind: 'deadline-passed'; readonly afterMs: number; readonly abandoned: readonly string[] }
  | {
      readonly kind: 'fatal-error';
      readonly error: unknown;
      readonly origin: string;
      readonly second: boolean;
    }
  | { readonly kind: 'kept-alive'; readonly afterMs: number; readonly leftovers: readonly string[] };
