// node subject.js <scenario.json> <journal> <report.json>: the application of a scenario. What it does, and what is
// done to it, is written to the journal.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { LazyModuleLoader } from '@nestjs/core';
import {
  enableGracefulShutdown,
  GracefulShutdown,
  GracefulShutdownModule,
  type ShutdownContext,
  type ShutdownRegistration,
} from 'nestjs-phased-shutdown';
import { reasonWord, sketchOf } from '../journal.js';
import type { Scenario, Trigger } from '../scenario.js';
import { perform } from './behave.js';
import { loggerOf } from './loggers.js';
import { note, pause } from './note.js';
import { providerModules, rootModule } from './providers.js';
import { controllerOf, pigeonholeOf, subjectOf } from './servers.js';
import { askToRun, close, register, withdraw, type Stage } from './stage.js';
import { thrownOf } from './thrown.js';

const [, , scenarioPath = '', , reportPath = ''] = process.argv;
const scenario: Scenario = JSON.parse(readFileSync(scenarioPath, 'utf8'));
const { options, kind, providers, triggers, logger } = scenario;

process.once('exit', (code) => note({ what: 'exit', code }));

let shutdown: GracefulShutdown | undefined;
let closeApplication = (): Promise<void> => Promise.resolve();
const stage: Stage = {
  shutdown: () => {
    if (shutdown === undefined) throw new Error('there is no application yet');
    return shutdown;
  },
  close: () => closeApplication(),
  registrations: new Map<string, ShutdownRegistration>(),
};

const hasServer = kind !== 'context' && kind !== 'microservice';
const hasMessages = kind === 'microservice' || kind === 'hybrid';
const { modules, lazy, tokens } = providerModules(providers, stage);
const lines = loggerOf(logger);
const features = hasMessages
  ? [(await import('nestjs-phased-shutdown/microservices')).drainMicroservices()]
  : [];
const root = rootModule({
  imports: [
    ...modules,
    GracefulShutdownModule.forRoot({
      ...options,
      features,
      ...(scenario.stored ? { report: { file: reportPath } } : {}),
      ...(lines === undefined ? {} : { logger: lines }),
    }),
  ],
  providers: scenario.bareValue ? [{ provide: 'bare', useValue: bareValue() }] : [],
  controllers: [...(hasServer ? [controllerOf(stage)] : []), ...(hasMessages ? [await pigeonholeOf()] : [])],
});

try {
  await main();
} catch (error) {
  note({ what: 'broken', text: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
  throw error;
}

async function main(): Promise<void> {
  const { app, start, ports } = await subjectOf(kind, root, undefined);
  const face = app.get(GracefulShutdown);
  shutdown = face;
  closeApplication = () => app.close();
  watch(face);
  note({ what: 'created' });
  if (scenario.enabled) enableGracefulShutdown(app);
  note({ what: 'enabled' });
  for (const { owner, ...task } of scenario.registered) {
    const token = owner === undefined ? undefined : tokens.get(owner);
    const instance: unknown = token === undefined ? undefined : app.get(token, { strict: false });
    const { behaviour: _, ...settings } = task;
    const run = (context: ShutdownContext): unknown => perform(task, context, stage);
    const owned = typeof instance === 'object' && instance !== null ? { owner: instance } : {};
    register({ ...settings, ...owned, run }, undefined, stage);
  }
  // As a connection does, it keeps the process alive until the shutdown begins.
  const connection = setInterval(() => undefined, 60_000);
  face.signal.addEventListener('abort', () => clearInterval(connection), { once: true });
  await start();
  for (const module of lazy) await app.get(LazyModuleLoader).load(() => module);
  note({ what: 'up', ...ports() });
  for (const { ms, what, target } of scenario.meddling) {
    setTimeout(() => withdraw(what, target, stage), ms).unref();
  }
  triggers.forEach((trigger, index) => {
    if (trigger.what === 'signal' || trigger.what === 'message') return;
    void pause(trigger.ms).then(() => {
      note({ what: 'asked', trigger: index });
      ask(trigger);
    });
  });
}

function ask(trigger: Trigger): void {
  switch (trigger.what) {
    case 'close':
      return void close(stage);
    case 'run':
      return void askToRun('the program', stage);
    case 'rejection':
      return void Promise.reject(thrownOf(trigger.thrown));
    case 'uncaught': {
      const { thrown } = trigger;
      setImmediate(() => {
        throw thrownOf(thrown);
      });
      return;
    }
    default:
    // The driver does it, from outside.
  }
}

/** A provider without a prototype, as some packages export themselves, with a hook of its own. */
function bareValue(): unknown {
  return Object.assign(Object.create(null), { onModuleDestroy: () => undefined });
}

/** Notes the beginning and the end of the run, and its report. */
function watch(face: GracefulShutdown): void {
  face.events$.subscribe((event) => {
    if (event.type === 'run-started') {
      note({ what: 'run', step: 'started', reason: reasonWord(event.reason), deadline: event.deadline });
    }
    if (event.type === 'run-finished') note({ what: 'run', step: 'finished', outcome: event.outcome });
  });
  void face.finished.then((report) => note({ what: 'report', report: sketchOf(report) }));
}
