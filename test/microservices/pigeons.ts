import type { INestApplication, Provider, Type } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { GracefulShutdown, type GracefulShutdownOptions } from '../../lib/index.js';
import { drainMicroservices, type MicroserviceDrainOptions } from '../../lib/microservices/index.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { RecordedLog, testingModule } from '../nest/application.js';

/** A transport of a user's own, which delivers what the test hands it. */
export class Pigeons extends Server implements CustomTransportStrategy {
  readonly seen: string[] = [];

  listen(callback: () => void): void {
    this.seen.push('listen');
    callback();
  }

  close(): void {
    this.seen.push('close');
  }

  on(): void {}

  unwrap<T>(): T {
    throw new Error('There is nothing below pigeons.');
  }

  /** Brings an event to its handler. */
  async deliver(pattern: string, data: unknown = {}): Promise<void> {
    await this.handleEvent(pattern, { pattern, data }, Object.assign({ getPattern: () => pattern }) as never);
  }
}

/** A hybrid application with servers, on a clock that stands still, with its log. */
export async function bootWith(
  servers: readonly CustomTransportStrategy[],
  {
    controllers = [],
    providers = [],
    drain,
    shutdown,
    listen = true,
  }: {
    readonly controllers?: Type[];
    readonly providers?: Provider[];
    readonly drain?: MicroserviceDrainOptions;
    readonly shutdown?: GracefulShutdownOptions;
    /** Whether the servers are started. */
    readonly listen?: boolean;
  } = {},
): Promise<{
  readonly app: INestApplication;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
  readonly shutdown: GracefulShutdown;
}> {
  const [clock, log] = [new ManualClock(1_000_000), new RecordedLog()];
  const module = await testingModule(
    { controllers, providers, shutdown: { features: [drainMicroservices(drain)], ...shutdown } },
    { clock, log },
  ).compile();
  const app = module.createNestApplication({ logger: false });
  for (const strategy of servers) app.connectMicroservice({ strategy });
  if (listen) await app.startAllMicroservices();
  await app.init();
  return { app, clock, log, shutdown: app.get(GracefulShutdown) };
}

/** The tasks of the plan that drain servers, each as `phase: name`. */
export function drainsOf(shutdown: GracefulShutdown): readonly string[] {
  return shutdown
    .plan()
    .phases.flatMap(({ name: phase, tasks }) => tasks.map(({ name }) => `${phase}: ${name}`))
    .filter((each) => each.includes('MicroserviceDrain'));
}
