import { randomUUID } from 'node:crypto';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Scope, type DynamicModule, type Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import type { Job, Queue } from 'bullmq';
import { drainWorkers, type WorkerDrainOptions } from '../../lib/bullmq/index.js';
import { GracefulShutdown, type GracefulShutdownOptions, type ShutdownReport } from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule } from '../nest/application.js';

/** What a test does with a job; `signal` aborts when the job is cancelled. */
export type Run = (job: Job, signal?: AbortSignal) => unknown;

/** Milliseconds that the phase `drain` has by default. */
export const DRAIN = 15_000;

interface Parts {
  readonly imports?: readonly DynamicModule[];
  readonly processors?: readonly Type[];
  readonly providers?: readonly object[];
  readonly options?: WorkerDrainOptions;
  readonly shutdown?: GracefulShutdownOptions;
  readonly manualRegistration?: boolean;
}

/** An application with a queue of its own on the real Redis, on a clock that stands still. */
export interface QueueApplication {
  readonly module: TestingModule;
  readonly shutdown: GracefulShutdown;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
  readonly queue: Queue;
}

/** Keys of the test alone; removed when it has ended. */
let prefix = '';
let applications: QueueApplication[] = [];

beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  applications = [];
});

afterEach(async () => {
  if (applications.length === 0) return;
  await Promise.allSettled(applications.map(({ module }) => module.close()));
  const { queue, module } = await boot({ shutdown: { features: [] } });
  await queue.obliterate({ force: true });
  await module.close();
});

/** The connection and prefix of the test's own queue. */
export const connection = { host: '127.0.0.1', port: 6379 };
export const keysOfTest = (): { readonly connection: typeof connection; readonly prefix: string } => ({
  connection,
  prefix,
});

/** A class that processes the jobs of a queue. */
export function processorOf(
  run: Run,
  { queue = 'orders', concurrency = 10, scope = Scope.DEFAULT } = {},
): Type<WorkerHost> {
  class TestProcessor extends WorkerHost {
    async process(job: Job, _?: string, signal?: AbortSignal): Promise<unknown> {
      return run(job, signal);
    }
  }
  Processor({ name: queue, scope }, { concurrency })(TestProcessor);
  return TestProcessor;
}

/** Boots an application whose workers are drained. */
export async function boot(parts: Parts): Promise<QueueApplication> {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const { options, shutdown, manualRegistration = false, imports = [] } = parts;
  const module = await testingModule(
    {
      imports: [
        BullModule.forRoot({ ...keysOfTest(), extraOptions: { manualRegistration } }),
        BullModule.registerQueue({ name: 'orders' }),
        ...imports,
      ],
      providers: [...(parts.processors ?? []), ...((parts.providers ?? []) as Type[])],
      shutdown: { features: [drainWorkers(options)], ...shutdown },
    },
    { clock, log },
  ).compile();
  await module.init();
  const application = {
    module,
    clock,
    log,
    shutdown: module.get(GracefulShutdown),
    queue: module.get<Queue>(getQueueToken('orders'), { strict: false }),
  };
  applications.push(application);
  return application;
}

/** The task of the first worker of the queue. */
export const TASK = 'WorkerDrain (orders)';

/** Begins the shutdown; resolves when the worker is being drained. */
export async function beginDrain(
  { shutdown }: QueueApplication,
  drain = TASK,
): Promise<{ readonly report: Promise<ShutdownReport> }> {
  const report = shutdown.run('a test');
  await until(() => shutdown.awaited.some(({ task }) => task === drain));
  return { report };
}

/** Resolves when something has come to be. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

/** What happens, in its order; each line can be waited for. */
export class Course {
  readonly lines: string[] = [];
  readonly #waiting = new Map<string, () => void>();
  readonly #gates = new Map<string, { readonly opened: Promise<void>; readonly open: () => void }>();

  tell(line: string): void {
    this.lines.push(line);
    this.#waiting.get(line)?.();
  }

  /** Resolves when the line has been told. */
  told(line: string): Promise<void> {
    if (this.lines.includes(line)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(line, resolve);
    });
  }

  /** Resolves when the gate is opened. */
  gate(name: string): Promise<void> {
    return this.#gate(name).opened;
  }

  open(name: string): void {
    this.#gate(name).open();
  }

  /** Tells of a job's start and end, which comes when a gate of its name is opened. */
  readonly run: Run = async ({ name }) => {
    this.tell(`start ${name}`);
    await this.gate(name);
    this.tell(`end ${name}`);
  };

  #gate(name: string): { readonly opened: Promise<void>; readonly open: () => void } {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gate = this.#gates.get(name) ?? { opened, open };
    this.#gates.set(name, gate);
    return gate;
  }
}
