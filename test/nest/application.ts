import 'reflect-metadata';
import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { machinePorts } from '../../lib/assembly.js';
import { PORTS } from '../../lib/graceful-shutdown.module.js';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  ShutdownConfigurationError,
  type GracefulShutdownOptions,
  type RunningReport,
  type ShutdownMistake,
  type ShutdownReport,
  type TaskReport,
} from '../../lib/index.js';
import { ProcessGuard } from '../../lib/process/process-guard.js';
import { EventRecorder } from '../../lib/testing/event-recorder.js';
import type { FakeProcess } from '../../lib/testing/fake-process.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** Keeps every line that an application logs. */
export class RecordedLog implements LoggerService {
  readonly lines: { readonly level: 'log' | 'warn' | 'error'; readonly text: string }[] = [];

  log(text: string): void {
    this.lines.push({ level: 'log', text });
  }

  warn(text: string): void {
    this.lines.push({ level: 'warn', text });
  }

  error(text: string): void {
    this.lines.push({ level: 'error', text });
  }

  get warnings(): readonly string[] {
    return this.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
  }
}

/** What an application of a test is made of: a root module, and the options of the shutdown. */
export interface ApplicationParts extends ModuleMetadata {
  readonly shutdown?: GracefulShutdownOptions;
}

/** An application context on a clock that stands still, with everything recorded. */
export interface BootedApplication {
  readonly module: TestingModule;
  readonly shutdown: GracefulShutdown;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
  readonly recorder: EventRecorder;
  /** The names of all tasks of the plan, except those that the module brings itself. */
  readonly taskNames: () => readonly string[];
  /** Runs the shutdown to its end. */
  readonly finish: () => Promise<ShutdownReport>;
}

/** Tasks that the module brings itself. */
const FEATURES = /^(InFlightWork|shutdownDelay|HttpDrain(\..+)?)$/;

/** What the module of a test runs on. */
export interface TestPlace {
  readonly clock?: ManualClock;
  readonly log?: RecordedLog;
  /** Stands in for the process of the machine. */
  readonly process?: FakeProcess;
}

/** A testing module with the shutdown in it, on the given clock, log and process. */
export function testingModule(
  { shutdown, imports = [], ...metadata }: ApplicationParts,
  { clock = new ManualClock(1_000_000), log = new RecordedLog(), process }: TestPlace = {},
): TestingModuleBuilder {
  return Test.createTestingModule({
    ...metadata,
    imports: [GracefulShutdownModule.forRoot({ logger: log, ...shutdown }), ...imports],
  })
    .overrideProvider(PORTS)
    .useValue({
      ...machinePorts(),
      clock,
      ...(process && { process, guard: new ProcessGuard(process, clock, () => undefined) }),
    });
}

/** Boots an application context. */
export async function bootApplication(parts: ApplicationParts): Promise<BootedApplication> {
  const clock = new ManualClock(1_000_000);
  const log = new RecordedLog();
  const module = await testingModule(parts, { clock, log }).compile();
  await module.init();
  const shutdown = module.get(GracefulShutdown);
  const recorder = new EventRecorder();
  shutdown.events$.subscribe(recorder.listener);
  return {
    module,
    shutdown,
    clock,
    log,
    recorder,
    taskNames: () =>
      shutdown
        .plan()
        .phases.flatMap(({ tasks }) => tasks.map(({ name }) => name))

        .filter((name) => !FEATURES.test(name)),
    finish: () => clock.runUntil(shutdown.run('a test')),
  };
}

/** The entry of a task in a report. */
export function taskReport(
  report: ShutdownReport | RunningReport | undefined,
  name: string,
): TaskReport | undefined {
  return report?.phases.flatMap(({ tasks }) => tasks).find((task) => task.name === name);
}

/** The mistakes with which something is refused; fails where it is not. */
export async function mistakesOf(refused: () => unknown): Promise<readonly ShutdownMistake[]> {
  try {
    await refused();
  } catch (error) {
    if (error instanceof ShutdownConfigurationError) return error.mistakes;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** The mistakes with which the boot of an application is refused. */
export function bootMistakes(parts: ApplicationParts): Promise<readonly ShutdownMistake[]> {
  return mistakesOf(() => bootApplication(parts));
}
