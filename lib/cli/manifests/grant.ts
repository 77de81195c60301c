/** What delays the signal. */
export type PreStop =
  | { readonly kind: 'none' }
  /** Waits for a known time. `rest` says whether it also does something of unknown duration. */
  | { readonly kind: 'waits'; readonly ms: number; readonly rest: 'nothing' | 'something' }
  | { readonly kind: 'unknown'; readonly what: string };

/** A probe as written in the manifest. */
export interface ManifestProbe {
  readonly path: string | undefined;
  readonly port: number | string | undefined;
  readonly periodMs: number;
  readonly failureThreshold: number;
  readonly timeoutMs: number;
}

/** How the platform tells the process to stop. */
export type StopBy =
  | { readonly kind: 'signal'; readonly signal: string; readonly setting: string }
  | { readonly kind: 'message'; readonly setting: string };

/** The platform's setting for the grace period, and how to write it. */
export interface GraceSetting {
  readonly name: string;
  /** The setting with a time: `terminationGracePeriodSeconds: 35`. */
  readonly write: (ms: number) => string;
}

/** What a manifest grants one container, service or unit between the signal and the kill. */
export interface Grant {
  readonly file: string;
  /** `Deployment shop, container shop` */
  readonly subject: string;
  /** The name for `--container`. */
  readonly name: string;
  readonly platform: 'kubernetes' | 'other';
  readonly setting: GraceSetting;
  /** Milliseconds; Infinity if the platform never kills it. */
  readonly graceMs: number;
  readonly origin: 'written' | 'default';
  readonly preStop: PreStop;
  readonly readiness?: ManifestProbe;
  readonly liveness?: ManifestProbe;
  readonly stopBy: StopBy;
  /** The command that receives the signal, if the manifest has one. */
  readonly command?: string;
  /** Errors in the manifest that do not depend on the plan, one sentence each. */
  readonly wrongs: readonly string[];
}

export const SIGTERM: StopBy = { kind: 'signal', signal: 'SIGTERM', setting: '' };
