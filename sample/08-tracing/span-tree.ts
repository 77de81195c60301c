import assert from 'node:assert/strict';
import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** Finished spans by their parents, in the order in which they started. */
export class SpanTree {
  readonly #spans: readonly ReadableSpan[];

  constructor(spans: readonly ReadableSpan[]) {
    this.#spans = spans.toSorted((a, b) => milliseconds(a.startTime) - milliseconds(b.startTime));
  }

  span(name: string): ReadableSpan {
    const span = this.#spans.find((each) => each.name === name);
    assert.ok(span, `there is a span ${name}`);
    return span;
  }

  /** The sorted names of the spans below one. Spans that start in parallel have no order. */
  childrenOf(name: string): readonly string[] {
    const id = this.span(name).spanContext().spanId;
    return this.#below(id)
      .map((child) => child.name)
      .toSorted();
  }

  durationOf(name: string): number {
    return milliseconds(this.span(name).duration);
  }

  /** No span starts before its parent, or ends after it. */
  assertTimesWithinParents(): void {
    for (const parent of this.#spans) {
      for (const child of this.#below(parent.spanContext().spanId)) {
        const within =
          milliseconds(child.startTime) >= milliseconds(parent.startTime) &&
          milliseconds(child.endTime) <= milliseconds(parent.endTime);
        assert.ok(within, `${child.name} is within the times of ${parent.name}`);
      }
    }
  }

  /** A line for each span, below its parent. */
  get text(): string {
    return this.#lines(undefined, '').join('\n');
  }

  #lines(parent: string | undefined, indent: string): readonly string[] {
    return this.#below(parent).flatMap((span) => {
      const { name, attributes, duration } = span;
      const took = `${Math.round(milliseconds(duration))} ms`.padStart(7);
      const line = `${`${indent}${name}`.padEnd(30)} ${took}  ${String(attributes['shutdown.outcome'])}`;
      return [line, ...this.#lines(span.spanContext().spanId, `${indent}  `)];
    });
  }

  #below(parent: string | undefined): readonly ReadableSpan[] {
    return this.#spans.filter((span) => span.parentSpanContext?.spanId === parent);
  }
}

function milliseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}
