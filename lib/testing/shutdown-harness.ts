import type { INestApplicationContext } from '@nestjs/common';
import { GracefulShutdown } from '../graceful-shutdown.js';
import { PORTS } from '../graceful-shutdown.module.js';
import { enableGracefulShutdown } from '../lifecycle/enable-graceful-shutdown.js';
import { isOneOf } from '../plan/check-setting.js';
import { MistakeList } from '../plan/mistake.js';
import { nameAdvice } from '../plan/nearest-name.js';
import type { ShutdownReason } from '../plan/reason.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { ShutdownReport } from '../report/shutdown-report.js';
import type { TaskOutcome } from '../run/outcome.js';
import { driveClock } from './drive-clock.js';
import { EventRecorder } from './event-recorder.js';
import type { FakeProcess } from './fake-process.js';
import { FAULT_KINDS, type Fault } from './fault.js';
import type { ManualClock } from './manual-clock.js';
import { onManualClock, TestBench, type ModuleBuilder } from './test-bench.js';

/** How long a harness waits. */
export interface HarnessOptions {
  /**
   * Real milliseconds in which nothing must happen before the fake clock advances to its next timer. Raise it if a
   * handler does real work that takes longer.
   * @default 100
   */
  readonly patience?: number;
  /**
   * Real milliseconds to wait if no timer is scheduled on the fake clock.
   * @default 4 000
   */
  readonly limit?: number;
}

/** What Nest closes after the phases takes real time only. */
const TEARDOWN_PATIENCE = 1_000;

const SIGTERM: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' };

/**
 * An application under test whose shutdown runs on a fake clock and in a fake process. What waits 30 s in production
 * takes no time here, and nothing exits the process of the tests.
 */
export class ShutdownHarness<A extends INestApplicationContext> {
  readonly app: A & AsyncDisposable;
  /** The recorded events of the shutdown. */
  readonly recorder = new EventRecorder();
  readonly #bench: TestBench;
  readonly #shutdown: GracefulShutdown;
  readonly #options: Required<HarnessOptions>;

  private constructor(app: A, bench: TestBench, { patience = 100, limit = 4_000 }: HarnessOptions) {
    this.app = enableGracefulShutdown(app);
    this.#bench = bench;
    this.#options = { patience, limit };
    this.#shutdown = app.get(GracefulShutdown, { strict: false });
    this.#shutdown.events$.subscribe(this.recorder.listener);
  }

  /**
   * Builds and starts an application: the testing module itself, or what `create` returns for it.
   *
   * @param builder `Test.createTestingModule({ imports: [AppModule] })`
   * @throws ShutdownConfigurationError with every configuration error, as at boot
   */
  static async boot<M extends INestApplicationContext>(
    builder: ModuleBuilder & { compile(): Promise<M> },
    options?: HarnessOptions,
  ): Promise<ShutdownHarness<M>>;
  static async boot<M extends INestApplicationContext, A extends INestApplicationContext>(
    builder: ModuleBuilder & { compile(): Promise<M> },
    options: HarnessOptions & { readonly create: (module: M) => A },
  ): Promise<ShutdownHarness<A>>;
  static async boot<M extends INestApplicationContext>(
    builder: ModuleBuilder & { compile(): Promise<M> },
    options: HarnessOptions & { readonly create?: (module: M) => INestApplicationContext } = {},
  ): Promise<ShutdownHarness<INestApplicationContext>> {
    const module = await onManualClock(builder).compile();
    return ShutdownHarness.of(options.create?.(module) ?? module, options);
  }

  /**
   * Wraps an application whose module was built by `onManualClock(builder)`, and starts it if it has not started.
   *
   * @throws Error if the application runs on the real clock and in the real process
   */
  static async of<A extends INestApplicationContext>(
    app: A,
    options: HarnessOptions = {},
  ): Promise<ShutdownHarness<A>> {
    // Fails with a clear error if the module is missing.
    enableGracefulShutdown(app);
    const bench: unknown = app.get(PORTS, { strict: false });
    if (!(bench instanceof TestBench)) {
      throw new Error(
        'The application runs on the real clock. Build its module with onManualClock(Test.createTestingModule(…)).compile().',
      );
    }
    const harness = new ShutdownHarness(app, bench, options);
    await app.init();
    return harness;
  }

  /** The fake clock of the shutdown, which a test can advance by hand. */
  get clock(): ManualClock {
    return this.#bench.clock;
  }

  /** The fake process that the application sees: it receives signals and records what is done to it. */
  get process(): FakeProcess {
    return this.#bench.process;
  }

  /** The files that the option `report` has written, by path. They stay in memory. */
  get files(): ReadonlyMap<string, string> {
    return this.#bench.files.texts;
  }

  /** The exit code; `undefined` if the process would have gone on. */
  get exitCode(): number | undefined {
    return this.process.exits[0] ?? this.process.exitCode;
  }

  /** What runs during the shutdown, and in which order. */
  get plan(): ShutdownPlan {
    return this.#shutdown.plan();
  }

  /**
   * Injects a fault into a task. A further fault of the same task replaces the first.
   *
   * @param task the name of the task: `Class.method` for a handler
   * @throws Error if the plan has no such task; suggests the nearest name
   * @throws ShutdownConfigurationError if the kind of the fault is unknown
   */
  inject(task: string, fault: Fault): this {
    const names = this.plan.phases.flatMap(({ tasks }) => tasks.map(({ name }) => name));
    if (!names.includes(task)) {
      throw new Error(`inject('${task}'): the plan has no such task. ${nameAdvice(task, names)}`);
    }
    const mistakes = new MistakeList();
    isOneOf(fault?.kind, FAULT_KINDS, { path: `inject('${task}').kind`, mistakes });
    mistakes.throwIfAny();
    this.#bench.faults.set(task, fault);
    return this;
  }

  /**
   * Shuts the application down, including Nest's own hooks, and returns the report. The clock advances by itself
   * whenever nothing real is left to wait for.
   *
   * @param reason what triggers the shutdown, SIGTERM by default
   * @throws Error if nobody listens to the trigger, and whatever `app.close()` throws if that is the trigger
   */
  async shutdown({ reason = SIGTERM }: { readonly reason?: ShutdownReason } = {}): Promise<ShutdownReport> {
    this.#expectListener(reason);
    const closed = this.#ask(reason);
    // The caller receives the error below; until then it must not count as unhandled.
    closed.catch(() => undefined);
    await this.#drive(closed, () => `${this.#waitingFor()} did not end`);
    const { report } = this.#shutdown;
    if (report === undefined || report.outcome === 'running') throw new Error('The phases have not ended.');
    if (reason.kind === 'close' || reason.kind === 'request') await closed;
    return report;
  }

  /** Shuts down like `app.close()` in a script: without a delay, and without exiting the process. */
  close(): Promise<ShutdownReport> {
    return this.shutdown({ reason: { kind: 'close' } });
  }

  /**
   * Checks that each task in the list ended before the next one started.
   *
   * @throws Error with the two tasks and the events recorded
   */
  expectOrder(...tasks: readonly string[]): void {
    this.recorder.expectOrder(...tasks);
  }

  /**
   * Checks that each phase in the list ended before the next one started.
   *
   * @throws Error with the two phases and the events recorded
   */
  expectPhaseOrder(...phases: readonly string[]): void {
    this.recorder.expectPhaseOrder(...phases);
  }

  /**
   * Checks the outcomes of tasks. Tasks that are not listed may have any outcome.
   *
   * @throws Error with the expected and the actual outcome of each wrong task
   */
  expectOutcomes(expected: Readonly<Record<string, TaskOutcome>>): void {
    this.recorder.expectOutcomes(expected);
  }

  /**
   * Checks that nothing of the application keeps the process alive after its close: timers, sockets, servers, file
   * watchers, child processes, worker threads. Ignores what existed before the module was built.
   *
   * @param options `within`: real milliseconds that closing resources get to finish, 1 000 by default
   * @throws Error with each leak
   */
  noLeaks(options?: { readonly within?: number }): Promise<void> {
    return this.#bench.leaks.expectNone(options);
  }

  /** Closes the application if it has not been closed. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shutdown.status === 'idle') await this.close();
  }

  /** Triggers the shutdown as the reason says. Settles when Nest has closed the application. */
  async #ask(reason: ShutdownReason): Promise<void> {
    switch (reason.kind) {
      case 'signal':
        this.process.emitSignal(reason.signal);
        break;
      case 'message':
        this.process.emitMessage('shutdown');
        break;
      case 'error':
        this.process.emitFatal(reason.origin, reason.error);
        break;
      case 'exit':
        this.#shutdown.exit({
          reason: reason.message,
          ...(reason.code === undefined ? {} : { code: reason.code }),
        });
        break;
      case 'before-exit':
        this.process.emitBeforeExit();
        break;
      case 'disconnect':
        this.process.emitDisconnect();
        break;
      case 'abort':
        throw new Error(
          "shutdown({ reason }): a harness cannot trigger 'abort'. Abort the controller of the option `abortSignal`, then await close().",
        );
      case 'request':
      case 'dispose':
        await this.#shutdown.run(reason);
        break;
      case 'close':
        await (reason.signal === undefined
          ? this.app.close()
          : Reflect.apply(this.app.close, this.app, [reason.signal]));
        return;
    }
    // The run has its reason. Joining it only after its end leaves no trace in the report.
    await this.#shutdown.finished;
    await this.app.close();
  }

  /** Without a listener, a signal or an error would kill the process, and a message would be lost. */
  #expectListener(reason: ShutdownReason): void {
    const [event, option] = heardBy(reason);
    if (event === undefined || this.#shutdown.status !== 'idle' || this.process.listenedTo.includes(event))
      return;
    throw new Error(`The application does not listen to ${event}. Set ${option}.`);
  }

  async #drive(promise: Promise<void>, waitingFor: () => string): Promise<void> {
    const { patience, limit } = this.#options;
    await driveClock(this.clock, promise, {
      limit,
      patience: () =>
        this.#shutdown.status === 'finished' ? Math.max(TEARDOWN_PATIENCE, patience) : patience,
      activity: () => this.recorder.events.length + this.clock.started,
      isOver: () => this.process.exits.length > 0 && this.#shutdown.status === 'finished',
      waitingFor,
    });
  }

  #waitingFor(): string {
    const tasks = this.#shutdown.awaited.map(({ task }) => `'${task}'`);
    if (tasks.length > 0) return tasks.join(', ');
    const leaks = this.#bench.leaks.leaks;
    return `What Nest closes after the phases (open: ${leaks.join('; ') || 'nothing that Node names'})`;
  }
}

/** The process event behind the reason, and the option that listens to it. */
function heardBy(reason: ShutdownReason): readonly [event: string, option: string] | readonly [] {
  switch (reason.kind) {
    case 'signal':
      return [reason.signal, `signals: ['${reason.signal}']`];
    case 'message':
      return ['message', 'ipc: true'];
    case 'error':
      return [reason.origin, 'fatalErrors: true'];
    default:
      return [];
  }
}
