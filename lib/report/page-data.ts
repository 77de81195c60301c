/** The element of a page that contains the report for programs. */
const OPENING = '<script type="application/json" id="phased-shutdown-report">';
const CLOSING = '</script>';

const IN_SCRIPT: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };

/** The report as a JSON data block. Its characters are escaped, so that none of them can end the block. */
export function dataBlock(report: object): string {
  const json = JSON.stringify(report).replace(/[<>&]/g, (char) => IN_SCRIPT[char] ?? '');
  return `${OPENING}${json}${CLOSING}`;
}

/** The JSON of a page; `undefined` if the page is not one of ours. */
export function jsonInPage(page: string): string | undefined {
  const from = page.indexOf(OPENING);
  if (from === -1) return undefined;
  const to = page.indexOf(CLOSING, from);
  return to === -1 ? undefined : page.slice(from + OPENING.length, to);
}
