import { namedText, readError, thrownText, type ErrorSays } from '../../plan/thrown.js';
import { html, type Markup } from './markup.js';

/** The most causes of an error that the page shows. */
const SHOWN_CAUSES = 8;

/** An error with its causes and stacks. The page renders a stored report, so no user code can throw here. */
export function errorDetails(error: Error): Markup {
  return html`<div class="error">${chain(error).map(oneError)}</div>`;
}

function chain(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let each = error; each !== undefined && causes.length < SHOWN_CAUSES;) {
    causes.push(each);
    each = readError(each)?.cause;
  }
  return causes;
}

function oneError(thrown: unknown, index: number): Markup {
  const because = index > 0 && html`<span class="because">Caused by</span> `;
  const error = readError(thrown);
  if (error === undefined) return html`<p>${because}<bdi>${thrownText(thrown)}</bdi></p>`;
  const { name, message, code, errors: listed = [] } = error;
  return html`<p>
      ${because}<b>${name}</b>: <bdi>${message}</bdi>${code !== undefined && html` <code>${code}</code>`}
    </p>
    ${
      listed.length > 0 &&
      html`<ul>
        ${listed.map((each) => html`<li><bdi>${namedText(each)}</bdi></li>`)}
      </ul>`
    }
    ${calls(error)}`;
}

/** The stack. A timeout has none of interest: it points into the engine. */
function calls({ name, stack = '' }: ErrorSays): Markup | undefined {
  const from = stack.search(/^ +at /m);
  if (from === -1 || name === 'ShutdownTimeoutError') return undefined;
  return html`<pre tabindex="0">${stack.slice(from)}</pre>`;
}
