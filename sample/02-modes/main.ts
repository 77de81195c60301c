// The same handlers in four orders, by the modes of phases and tasks, and by `after`.
// Run it: npm run build && npx tsc -p sample && node build/sample/02-modes/main.js
// Expect: four timelines. Bars of parallel handlers start at the same point, others follow each other.
import assert from 'node:assert/strict';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  GracefulShutdown,
  GracefulShutdownModule,
  timeline,
  type ShutdownReport,
} from 'nestjs-phased-shutdown';
import { SETTINGS, type Setting } from './settings.js';

@Module({})
class AppModule {
  static with({ phases, providers }: Setting): DynamicModule {
    return {
      module: AppModule,
      imports: [GracefulShutdownModule.forRoot({ phases, logger: false })],
      providers: [...providers],
    };
  }
}

for (const setting of SETTINGS) {
  const { report, happened } = await shutDown(setting);
  console.log(`\n${setting.title}\n\n${timeline(report)}`);
  assert.equal(report.outcome, 'completed');
  assertOrder(happened, setting.expected);
}

/** Starts an app with the setting, and closes it. */
async function shutDown(
  setting: Setting,
): Promise<{ readonly report: ShutdownReport; readonly happened: readonly string[] }> {
  const app = await NestFactory.createApplicationContext(AppModule.with(setting), { logger: false });
  const shutdown = app.get(GracefulShutdown);
  const happened: string[] = [];
  shutdown.events$.subscribe((event) => {
    if (event.type === 'task-started') happened.push(`start of ${event.task}`);
    if (event.type === 'task-finished') happened.push(`end of ${event.task}`);
  });
  const report = await shutdown.run();
  await app.close();
  return { report, happened };
}

/** In a group, all start before the first one ends. The next group starts when the last one has ended. */
function assertOrder(happened: readonly string[], expected: Setting['expected']): void {
  const placesOf = (what: string, names: readonly string[]): readonly number[] =>
    names.map((name) => happened.indexOf(`${what} of ${name}`));
  expected.forEach((group, index) => {
    const [starts, ends] = [placesOf('start', group), placesOf('end', group)];
    const before = placesOf('end', expected[index - 1] ?? []);
    assert.ok(![...starts, ...ends].includes(-1), `not all of ${group.join(', ')} ran`);
    assert.ok(Math.max(...starts) < Math.min(...ends), `${group.join(', ')} do not run in parallel`);
    assert.ok(Math.max(...before) < Math.min(...starts), `${group.join(', ')} do not wait for their turn`);
  });
}
