import { html, type Markup } from './markup.js';

/** Causes that are shown of an error. */
const SHOWN_CAUSES = 8;

/** An error with its causes and their stacks. A page is made from a stored report, whose errors are plain. */
export function errorDetails(error: Error): Markup {
  return html`<div class="error">${chain(error).map(oneError)}</div>`;
}

function chain(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let each = error; each !== undefined && causes.length < SHOWN_CAUSES;) {
    causes.push(each);
    each = each instanceof Error ? each.cause : undefined;
  }
  return causes;
}

function oneError(thrown: unknown, index: number): Markup {
  const because = index > 0 && html`<span class="because">because of</span> `;
  if (!(thrown instanceof Error)) return html`<p>${because}<bdi>${String(thrown)}</bdi></p>`;
  const { name, message } = thrown;
  const code: unknown = Reflect.get(thrown, 'code');
  const listed = thrown instanceof AggregateError ? thrown.errors : [];
  return html`<p>
      ${because}<b>${name}</b>:
      <bdi>${message}</bdi>${code !== undefined && html` <code>${String(code)}</code>`}
    </p>
    ${
      listed.length > 0 &&
      html`<ul>
        ${listed.map((each: unknown) => html`<li><bdi>${String(each)}</bdi></li>`)}
      </ul>`
    }
    ${calls(thrown)}`;
}

/** Where it was thrown. That of a timeout is where the engine looked at its clock. */
function calls({ name, stack = '' }: Error): Markup | undefined {
  const from = stack.search(/^ +at /m);
  if (from === -1 || name === 'ShutdownTimeoutError') return undefined;
  return html`<pre tabindex="0">${stack.slice(from)}</pre>`;
}
