// node outputs.js <scenario> <file>: an application whose outputs fail; what happens is noted in the file.
import { appendFileSync, constants, openSync, writeSync } from 'node:fs';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  enableGracefulShutdown,
  GracefulShutdown,
  GracefulShutdownModule,
  OnShutdown,
  traceShutdown,
  type GracefulShutdownOptions,
} from 'nestjs-phased-shutdown';
import { pause } from './scene.js';

const [, , scenario = '', file = ''] = process.argv;

function note(word: string): void {
  appendFileSync(file, `${word}\n`);
}

const reject = (): Promise<never> => Promise.reject(new Error('the sink is gone'));
const rejecting: LoggerService = { log: reject, warn: reject, error: reject };
const printing = (text: string): void => void process.stdout.write(`${JSON.stringify({ text })}\n`);

const OPTIONS: Readonly<Record<string, GracefulShutdownOptions>> = {
  'fatal-errors': { fatalErrors: true },
  'logger-rejects': { logger: rejecting },
  'redact-rejects': { report: { file: `${file}.json`, redact: reject as unknown as () => string } },
  'hung-hook': { gracePeriod: 2_000 },
  'kept-alive-custom': { logger: { log: printing, warn: printing, error: printing } },
  'kept-alive-silent': { logger: false },
};

class Pool {
  @OnShutdown()
  async end(): Promise<void> {
    // By then the error of a lost reader has been emitted.
    await pause(50);
    if (scenario === 'foreign-error') {
      setImmediate(() => process.stdout.emit('error', new Error('not ours')));
      await pause(1_000);
    }
    note('closed');
  }

  async onModuleDestroy(): Promise<void> {
    note('hook');
    if (scenario === 'hung-hook') await new Promise(() => undefined);
  }
}

class AppModule {}

/** Leaves standard error as it was: full, and blocking. */
function fillStandardError(): void {
  const descriptor = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(descriptor, 'x'.repeat(1_024));
  } catch {
    note('full');
  }
}

if (scenario === 'tracer-rejects') traceShutdown({ started: reject, ended: reject });
process.on('exit', (code) => note(`exit ${code}`));
const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [GracefulShutdownModule.forRoot({ shutdownDelay: 0, ...OPTIONS[scenario] })],
    providers: [Pool],
  },
  scenario === 'hung-hook' || scenario === 'kept-alive-unheard'
    ? { logger: false }
    : { logger: ['warn', 'error', 'log'] },
);
if (scenario !== 'module-alone') enableGracefulShutdown(app);
if (scenario === 'hung-hook') fillStandardError();
if (scenario.startsWith('kept-alive') || scenario === 'hung-hook') setInterval(() => undefined, 60_000);
note(`pid ${process.pid}`);
if (scenario === 'close') {
  process.once('SIGUSR2', () => void app.close().then(() => note('close answered')));
  setTimeout(() => undefined, 3_000);
} else if (scenario === 'module-alone') {
  process.once(
    'SIGUSR2',
    () =>
      void app
        .get(GracefulShutdown)
        .run('a test')
        .then(() => note('run answered')),
  );
  setTimeout(() => undefined, 3_000);
} else {
  setInterval(() => undefined, 60_000).unref();
  const alive = setTimeout(() => undefined, 20_000);
  process.once('SIGTERM', () => clearTimeout(alive));
}
