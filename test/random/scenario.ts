/** Everything that one random process is made of, as data: the generator writes it, program and checker read it. */
import type { GracefulShutdownOptions, Mode, PhaseOptions } from 'nestjs-phased-shutdown';

/** A phase as the options list it. */
export interface PhaseSpec {
  readonly name: string;
  readonly mode?: Mode;
  readonly timeout: number;
  readonly after?: readonly string[];
  readonly onFailure?: NonNullable<PhaseOptions['onFailure']>;
  readonly enabled?: boolean;
}

/** The name of something that can be thrown; `programs/thrown.ts` makes it. */
export type Thrown = string;

/** What the function of a task does. */
export type Behaviour =
  | { readonly kind: 'return' }
  | { readonly kind: 'resolve'; readonly ms: number }
  | { readonly kind: 'throw'; readonly thrown: Thrown }
  | { readonly kind: 'reject'; readonly ms: number; readonly thrown: Thrown }
  | { readonly kind: 'until-abort' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'block'; readonly ms: number }
  /** Keeps the process alive. */
  | { readonly kind: 'leak' }
  | { readonly kind: 'stray-rejection'; readonly thrown: Thrown }
  | {
      readonly kind: 'thenable';
      readonly how: 'resolves' | 'rejects' | 'twice' | 'throws';
      readonly ms: number;
      readonly thrown: Thrown;
    }
  /** Rejects so long after its signal has aborted. */
  | { readonly kind: 'late-rejection'; readonly ms: number; readonly thrown: Thrown }
  | { readonly kind: 'observable'; readonly ms: number; readonly thrown?: Thrown }
  | { readonly kind: 'async-generator'; readonly ms: number; readonly thrown?: Thrown }
  /** Registers a task, which registers another, and so on. */
  | { readonly kind: 'register'; readonly phase: string; readonly depth: number; readonly ms: number }
  | { readonly kind: 'dispose'; readonly target: string }
  | { readonly kind: 'unregister'; readonly target: string }
  | { readonly kind: 'run'; readonly awaited: boolean }
  | { readonly kind: 'close'; readonly awaited: boolean };

export type BehaviourOf<Kind extends Behaviour['kind']> = Extract<Behaviour, { kind: Kind }>;

/** A task and its place in the plan. */
export interface TaskSpec {
  readonly name: string;
  readonly phase: string;
  readonly mode?: Mode;
  readonly order?: number;
  readonly after?: readonly string[];
  readonly timeout?: number;
  readonly behaviour: Behaviour;
}

export type HookName =
  'onModuleInit' | 'onModuleDestroy' | 'beforeApplicationShutdown' | 'onApplicationShutdown';

/** A hook of Nest's on a provider. */
export interface HookSpec {
  readonly hook: HookName;
  readonly behaviour:
    | BehaviourOf<'return'>
    | BehaviourOf<'resolve'>
    | BehaviourOf<'throw'>
    | BehaviourOf<'reject'>
    | BehaviourOf<'hang'>;
}

export interface ProviderSpec {
  readonly id: number;
  readonly module: number;
  /** `derived`: its handlers are methods of a base class. `lazy`: its module is loaded after the start. */
  readonly shape: 'class' | 'derived' | 'factory' | 'value' | 'transient' | 'request' | 'lazy';
  /** The providers that it injects. */
  readonly injects: readonly number[];
  /** Whether those that inject it do so through an alias. */
  readonly alias: boolean;
  readonly handlers: readonly TaskSpec[];
  readonly hooks: readonly HookSpec[];
}

/** A task that the program registers at the start. */
export interface RegisteredSpec extends TaskSpec {
  readonly owner?: number;
}

/** What asks for the shutdown, so many milliseconds after the application is being made, or is up. */
export type Trigger = { readonly since: 'boot' | 'up'; readonly ms: number } & (
  | { readonly what: 'signal'; readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' }
  | { readonly what: 'message' | 'close' | 'run' }
  | { readonly what: 'uncaught'; readonly thrown: Thrown }
  | { readonly what: 'rejection'; readonly thrown: Thrown }
);

/** What somebody does to registered tasks while the application runs. */
export interface Meddling {
  readonly ms: number;
  readonly what: 'dispose' | 'unregister';
  readonly target: string;
}

/** A client of the application, from so many milliseconds after it is up. */
export interface ClientSpec {
  readonly id: number;
  readonly ms: number;
  readonly kind:
    'request' | 'stream' | 'pipelined' | 'idle' | 'leaving' | 'message' | 'asks-run' | 'asks-close';
  /** How long the application works for each of its requests. */
  readonly workMs: number;
}

export type AppKind = 'express' | 'fastify' | 'context' | 'microservice' | 'hybrid';

/** One random process. */
export interface Scenario {
  readonly seed: number;
  readonly index: number;
  readonly major: 11 | 12;
  readonly kind: AppKind;
  /** Whether `enableGracefulShutdown` is called, or the module is alone. */
  readonly enabled: boolean;
  readonly options: {
    /** None for the default phases. */
    readonly phases?: readonly PhaseSpec[];
    readonly shutdownDelay: number;
    readonly gracePeriod: number;
    readonly exit: NonNullable<GracefulShutdownOptions['exit']>;
    readonly runAt: NonNullable<GracefulShutdownOptions['runAt']>;
    readonly fatalErrors: boolean;
    readonly ipc: boolean;
  };
  readonly logger: 'nest' | 'none' | 'custom' | 'throwing' | 'rejecting' | 'never-settling';
  /** Whether the report is stored in a file. */
  readonly stored: boolean;
  /** Whether the reader of standard output leaves before the first trigger. */
  readonly stdoutGone: boolean;
  readonly bareValue: boolean;
  readonly providers: readonly ProviderSpec[];
  readonly registered: readonly RegisteredSpec[];
  readonly meddling: readonly Meddling[];
  readonly triggers: readonly Trigger[];
  readonly clients: readonly ClientSpec[];
}

/** Whether the process itself is told to end, so that it is made to end whatever keeps it alive. */
export function endsProcess({
  enabled,
  options,
  triggers,
}: Pick<Scenario, 'enabled' | 'options' | 'triggers'>): boolean {
  return (
    enabled && options.exit !== 'none' && triggers.some(({ what }) => what !== 'close' && what !== 'run')
  );
}
