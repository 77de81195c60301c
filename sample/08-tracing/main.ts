// A shutdown as OpenTelemetry spans: the run, its phases below it, and their tasks below the phases.
// Run it: npm run build && npx tsc -p sample && node build/sample/08-tracing/main.js
// Expect: it closes its app, prints the tree of spans with one failed span, and exits with 0.
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { GracefulShutdown, enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';
import { shutdownSpans } from './shutdown-spans.js';
import { SpanTree } from './span-tree.js';

const exporter = new InMemorySpanExporter();
// In a service, use a BatchSpanProcessor with an OTLP exporter, and `await provider.forceFlush()` at the end.
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
shutdownSpans(provider.getTracer('shop'));

const app = enableGracefulShutdown(await NestFactory.create(AppModule, { logger: ['error'] }));
await app.listen(0, '127.0.0.1');
// Not by a signal: a failed task would make that exit with code 1, and here a task fails on purpose.
void app.close();
const report = await app.get(GracefulShutdown).finished;
await provider.forceFlush();

const tree = new SpanTree(exporter.getFinishedSpans());
console.log(tree.text);

assert.deepEqual(tree.childrenOf('shutdown'), namesOf(report.phases));
for (const { name, tasks } of report.phases) assert.deepEqual(tree.childrenOf(name), namesOf(tasks));
tree.assertTimesWithinParents();
assert.equal(tree.span('shutdown').status.code, SpanStatusCode.ERROR);
assert.deepEqual(tree.span('Metrics.writeRest').status, {
  code: SpanStatusCode.ERROR,
  message: 'the backend is gone',
});
assert.equal(tree.span('Metrics.writeRest').events[0]?.name, 'exception');
assert.equal(tree.span('OrdersOutbox.publishRest').status.code, SpanStatusCode.UNSET);
for (const { name, durationMs } of report.phases.flatMap(({ tasks }) => tasks)) {
  assert.ok(Math.abs(tree.durationOf(name) - durationMs) < 1, `${name} lasted as long as the report says`);
}
console.log('The spans are those of the report.');

function namesOf(entries: readonly { readonly name: string }[]): readonly string[] {
  return entries.map(({ name }) => name).toSorted();
}
