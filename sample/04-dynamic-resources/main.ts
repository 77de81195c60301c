// Connections open and close while the app runs. Each is closed exactly once, by the app or by the shutdown.
// Run it: npm run build && npx tsc -p sample && node build/sample/04-dynamic-resources/main.js
// Expect: it sends itself SIGTERM, the timeline shows what was still open, and nothing stays open.
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdown, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';
import { Connection } from './connection.js';
import { Tenants } from './tenants.service.js';

const app = enableGracefulShutdown(await NestFactory.create(AppModule, { logger: ['warn', 'error'] }));
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const tenants = app.get(Tenants);

for (const name of ['anna', 'bruno', 'carla']) await fetch(`${url}/tenants/${name}`);
expectOpen('Three tenants came', ['anna', 'bruno', 'carla']);

await tenants.leave('bruno');
expectOpen('bruno left', ['anna', 'carla']);

const handedOver = tenants.handOver('carla');
await handedOver?.close();
expectOpen('carla took the connection along', ['anna']);

await tenants.importFrom('dora');
expectOpen('an import from dora began and ended', ['anna']);

console.log();
process.kill(process.pid, 'SIGTERM');
const report = await app.get(GracefulShutdown).finished;
const closed = report.phases.find(({ name }) => name === 'close')?.tasks.map(({ name }) => name);
assert.equal(report.outcome, 'completed');
assert.deepEqual(closed, ['anna', 'the archive']);

console.log();
expectOpen('The shutdown closed what was left, and what it had opened itself', []);
tenants.connectionOf('somebody too late');
expectOpen('Somebody came when it was over, and the connection was closed at once', []);

function expectOpen(what: string, names: readonly string[]): void {
  assert.deepEqual(Connection.open, names);
  console.log(`${what}. Open: ${names.join(', ') || 'nothing'}.`);
}
