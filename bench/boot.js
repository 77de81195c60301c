// What the module adds to the boot of a large application: 5 000 providers of 20 methods, one provider in
// ten with a handler; without any module, with ours, and with @nestjs/schedule in its place, whose scan looks
// at every method. Each application boots in a process of its own; the rounds are paired, medians are shown.
//
//   npm run bench:boot [rounds]
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, table } from './table.js';

const PROVIDERS = 5_000;
const METHODS = 20;
const VARIANTS = ['none', 'ours', 'schedule'];

if (process.argv[2] === 'boot') await boot(process.argv[3]);
else await compare(Number(process.argv[2] ?? 9));

async function compare(rounds) {
  const times = new Map(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // The order turns, so that no variant always runs behind the same neighbour.
    for (let turn = 0; turn < VARIANTS.length; turn += 1) {
      const variant = VARIANTS[(turn + round) % VARIANTS.length];
      const ms = await bootInProcess(variant);
      if (round > 0) times.get(variant).push(ms);
    }
  }
  const none = times.get('none');
  const added = (variant) => median(times.get(variant).map((ms, round) => ms - none[round]));
  const schedule = added('schedule');
  console.log(
    `boot of ${PROVIDERS} providers of ${METHODS} methods, one in ten with a handler; ${rounds} rounds`,
  );
  console.log(
    table(
      ['', 'boot ms', 'added ms', 'of what schedule adds'],
      VARIANTS.map((variant) => [
        variant,
        median(times.get(variant)).toFixed(1),
        variant === 'none' ? '' : added(variant).toFixed(1),
        variant === 'none' ? '' : (added(variant) / schedule).toFixed(3),
      ]),
    ),
  );
}

function bootInProcess(variant) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['boot', variant]);
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => code && reject(new Error(`the boot with ${variant} ended with ${code}`)));
  });
}

async function boot(variant) {
  await import('reflect-metadata');
  const { Module, Injectable } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { GracefulShutdownModule, OnShutdown } = await import('nestjs-phased-shutdown');
  const { Cron, ScheduleModule } = await import('@nestjs/schedule');

  const decorate = variant === 'schedule' ? Cron('0 0 1 1 *', { disabled: true }) : OnShutdown('close');
  const providers = Array.from({ length: PROVIDERS }, (_, index) => {
    class Provider {}
    Object.defineProperty(Provider, 'name', { value: `Provider${index}` });
    for (let method = 0; method < METHODS; method += 1) {
      Object.defineProperty(Provider.prototype, `method${method}`, {
        value() {},
        configurable: true,
        writable: true,
      });
    }
    if (index % 10 === 0 && variant !== 'none') {
      decorate(Provider.prototype, 'method0', Object.getOwnPropertyDescriptor(Provider.prototype, 'method0'));
    }
    Injectable()(Provider);
    return Provider;
  });
  class AppModule {}
  const modules = {
    none: [],
    ours: [GracefulShutdownModule.forRoot({ logger: false })],
    schedule: [ScheduleModule.forRoot()],
  };
  Module({ imports: modules[variant], providers })(AppModule);

  const startedAt = performance.now();
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const ms = performance.now() - startedAt;
  process.send(ms);
  await app.close();
  process.disconnect();
}
