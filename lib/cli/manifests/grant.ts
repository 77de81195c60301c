/** What holds the signal back before it is sent. */
export type PreStop =
  | { readonly kind: 'none' }
  /** It waits for a known time. `rest` is what else it does, of which nobody knows how long it takes. */
  | { readonly kind: 'waits'; readonly ms: number; readonly rest: 'nothing' | 'something' }
  | { readonly kind: 'unknown'; readonly what: string };

/** A probe as the manifest has it. */
export interface ManifestProbe {
  readonly path: string | undefined;
  readonly port: number | string | undefined;
  readonly periodMs: number;
  readonly failureThreshold: number;
  readonly timeoutMs: number;
}

/** What tells the process that it has to end. */
export type StopBy =
  | { readonly kind: 'signal'; readonly signal: string; readonly setting: string }
  | { readonly kind: 'message'; readonly setting: string };

/** How a platform writes its time: what its setting is called, and a time in its way of writing. */
export interface GraceSetting {
  readonly name: string;
  /** The setting with a time in it: `terminationGracePeriodSeconds: 35`. */
  readonly write: (ms: number) => string;
}

/** What a manifest grants one container, service or unit, from the signal to the kill. */
export interface Grant {
  readonly file: string;
  /** `Deployment shop, container shop` */
  readonly subject: string;
  /** The name by which one of several is chosen. */
  readonly name: string;
  readonly platform: 'kubernetes' | 'other';
  readonly setting: GraceSetting;
  /** Milliseconds; Infinity where it is never killed. */
  readonly graceMs: number;
  readonly origin: 'written' | 'default';
  readonly preStop: PreStop;
  readonly readiness?: ManifestProbe;
  readonly liveness?: ManifestProbe;
  readonly stopBy: StopBy;
  /** The command that is sent the signal, where the manifest has one. */
  readonly command?: string;
  /** What is wrong with the manifest whatever the plan is, a sentence each. */
  readonly wrongs: readonly string[];
}

export const SIGTERM: StopBy = { kind: 'signal', signal: 'SIGTERM', setting: '' };
