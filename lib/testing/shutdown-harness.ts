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

/** How a harness waits. */
export interface HarnessOptions {
  /**
   * Real milliseconds in which nothing must have happened before the manual clock is moved to its next timer.
   * Raise it where a handler does real work that takes longer.
   * @default 100
   */
  readonly patience?: number;
  /**
   * Real milliseconds that the harness waits where nothing is scheduled on the manual clock.
   * @default 4 000
   */
  readonly limit?: number;
}

/** What is left to Nest when the phases have ended takes real time alone. */
const TEARDOWN_PATIENCE = 1_000;

const SIGTERM: ShutdownReason = { kind: 'signal', signal: 'SIGTERM' };

/**
 * An application under test, whose shutdown runs on a manual clock and in a process that is played: what
 * waits for half a minute in production takes no time here, and nothing ends the process of the tests.
 */
export class ShutdownHarness<A extends INestApplicationContext> {
  readonly app: A & AsyncDisposable;
  /** What happened, event by event. */
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
   * Builds and starts an application: the testing module itself, or what `create` makes of it.
   *
   * @param builder `Test.createTestingModule({ imports: [AppModule] })`
   * @throws ShutdownConfigurationError with every mistake, as at boot
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
   * Takes an application whose module was built by `onManualClock(builder)`, and starts it where that has not
   * been done.
   *
   * @throws Error where the application runs on the clock and in the process of the machine
   */
  static async of<A extends INestApplicationContext>(
    app: A,
    options: HarnessOptions = {},
  ): Promise<ShutdownHarness<A>> {
    // Tells of a module that is missing better than a token could.
    enableGracefulShutdown(app);
    const bench: unknown = app.get(PORTS, { strict: false });
    if (!(bench instanceof TestBench)) {
      throw new Error(
        'The application runs on the clock of the machine. Build its module with onManualClock(Test.createTestingModule(…)).compile().',
      );
    }
    const harness = new ShutdownHarness(app, bench, options);
    await app.init();
    return harness;
  }

  /** The clock of the shutdown, to be moved by hand where a test looks at a moment. */
  get clock(): ManualClock {
    return this.#bench.clock;
  }

  /** The process as the application sees it: takes signals, and notes what is done to it. */
  get process(): FakeProcess {
    return this.#bench.process;
  }

  /** What the option `report` has written, by path: a test leaves the files of the machine alone. */
  get files(): ReadonlyMap<string, string> {
    return this.#bench.files.texts;
  }

  /** With what the process would have ended; `undefined` where it would have gone on. */
  get exitCode(): number | undefined {
    return this.process.exits[0] ?? this.process.exitCode;
  }

  /** What runs at the shutdown, and in which order. */
  get plan(): ShutdownPlan {
    return this.#shutdown.plan();
  }

  /**
   * Lets something go wrong in a task when its turn comes; a further fault of the same task replaces it.
   *
   * @param task its name: `Class.method` for a handler
   * @throws Error where no task of the plan has the name, with the nearest one
   */
  inject(task: string, fault: Fault): this {
    const names = this.plan.phases.flatMap(({ tasks }) => tasks.map(({ name }) => name));
    if (!names.includes(task)) {
      throw new Error(`There is no task '${task}' to inject a fault into. ${nameAdvice(task, names)}`);
    }
    const mistakes = new MistakeList();
    isOneOf(fault?.kind, FAULT_KINDS, { path: `inject('${task}').kind`, mistakes });
    mistakes.throwIfAny();
    this.#bench.faults.set(task, fault);
    return this;
  }

  /**
   * Shuts the application down to the end of Nest's own hooks, and answers with the report. The clock moves
   * by itself whenever nothing real is left to wait for.
   *
   * @param reason what asks for it; SIGTERM where nothing is given
   * @throws Error where nobody listens to what asks, and what `app.close()` throws where that asks
   */
  async shutdown({ reason = SIGTERM }: { readonly reason?: ShutdownReason } = {}): Promise<ShutdownReport> {
    this.#expectListener(reason);
    const closed = this.#ask(reason);
    // Who waits for the report hears of it below; until then it must not count as unhandled.
    closed.catch(() => undefined);
    await this.#drive(closed, () => `${this.#waitingFor()} has not ended`);
    const { report } = this.#shutdown;
    if (report === undefined || report.outcome === 'running') throw new Error('The phases have not ended.');
    if (reason.kind === 'close' || reason.kind === 'request') await closed;
    return report;
  }

  /** Shuts down as `app.close()` does in a script: without a delay, and the process goes on. */
  close(): Promise<ShutdownReport> {
    return this.shutdown({ reason: { kind: 'close' } });
  }

  /**
   * Checks that each task in the list ended before the next one started.
   *
   * @throws Error that names the two tasks and shows what happened
   */
  expectOrder(...tasks: readonly string[]): void {
    this.recorder.expectOrder(...tasks);
  }

  /**
   * Checks that each phase in the list ended before the next one started.
   *
   * @throws Error that names the two phases and shows what happened
   */
  expectPhaseOrder(...phases: readonly string[]): void {
    this.recorder.expectPhaseOrder(...phases);
  }

  /**
   * Checks how tasks ended; those that are not named may have ended in any way.
   *
   * @throws Error that says of each task what was expected and how it ended
   */
  expectOutcomes(expected: Readonly<Record<string, TaskOutcome>>): void {
    this.recorder.expectOutcomes(expected);
  }

  /**
   * Checks that nothing of the application keeps the process alive after its close: timers, sockets, servers,
   * watchers of files, child processes, worker threads. What was there before its module was built is left out.
   *
   * @param options `within`: real milliseconds that what is being closed may take, 1 000 where nothing is given
   * @throws Error that names each leak
   */
  noLeaks(options?: { readonly within?: number }): Promise<void> {
    return this.#bench.leaks.expectNone(options);
  }

  /** Closes the application where that has not been done: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shutdown.status === 'idle') await this.close();
  }

  /** Asks for the shutdown as the reason says; the answer settles when Nest has closed the application. */
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
          'Abort the controller of the option `abortSignal`, and wait for the shutdown with close().',
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
    // The run has its reason; joining it only when it has ended leaves no trace in the report.
    await this.#shutdown.finished;
    await this.app.close();
  }

  /** Without a listener a signal or an error would kill the process, and a message would be lost. */
  #expectListener(reason: ShutdownReason): void {
    const [event, option] = heardBy(reason);
    if (event === undefined || this.#shutdown.status !== 'idle' || this.process.listenedTo.includes(event))
      return;
    throw new Error(`Nobody listens to ${event}: the application is not configured with ${option}.`);
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

/** The event of the process that brings the reason, and the option that listens to it. */
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
