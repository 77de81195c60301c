import { SpanStatusCode, context, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import { traceShutdown, type ShutdownTrace } from 'nestjs-phased-shutdown';

/** The bridge: a span for each run, phase and task, below its parent's span. Returns a function that removes it. */
export function shutdownSpans(tracer: Tracer): () => void {
  const spans = new WeakMap<ShutdownTrace, Span>();
  return traceShutdown({
    started: (each) => {
      const parent = parentOf(each);
      const above = parent && spans.get(parent);
      const below = above ? trace.setSpan(context.active(), above) : context.active();
      const options = { startTime: each.startedAt, attributes: attributesOf(each) };
      spans.set(each, tracer.startSpan(nameOf(each), options, below));
    },
    ended: (each) => {
      const span = spans.get(each);
      if (span === undefined) return;
      if (each.outcome !== undefined) span.setAttribute('shutdown.outcome', each.outcome);
      if (each.outcome === 'failed' || each.outcome === 'timed-out') {
        const message = each.kind === 'task' && each.error ? each.error.message : each.outcome;
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      if (each.kind === 'task' && each.error) span.recordException(each.error, each.endedAt);
      span.end(each.endedAt);
    },
  });
}

function parentOf(each: ShutdownTrace): ShutdownTrace | undefined {
  switch (each.kind) {
    case 'run':
      return undefined;
    case 'phase':
      return each.run;
    case 'task':
      return each.phase;
  }
}

function nameOf(each: ShutdownTrace): string {
  return each.kind === 'run' ? 'shutdown' : each.name;
}

function attributesOf(each: ShutdownTrace): Attributes {
  switch (each.kind) {
    case 'run':
      return { 'shutdown.kind': 'run', 'shutdown.reason': each.reason.kind };
    case 'phase':
      return { 'shutdown.kind': 'phase', 'shutdown.mode': each.mode, 'shutdown.tasks': each.taskCount };
    case 'task':
      return { 'shutdown.kind': 'task' };
  }
}
