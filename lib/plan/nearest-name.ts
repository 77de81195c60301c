/** The name that was most likely meant, if one is close enough for a typo. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** `Did you mean 'drain'? Known: …`, with at most eight names. */
export function nameAdvice(name: unknown, known: Iterable<string>): string {
  const names = [...known];
  const nearest = typeof name === 'string' ? nearestName(name, names) : undefined;
  const shown = names.slice(0, 8).map((each) => `'${each}'`);
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  const list = shown.length > 0 ? `Known: ${shown.join(', ')}.` : 'Known: none.';
  return nearest === undefined ? list : `Did you mean '${nearest}'? ${list}`;
}

/** A class name that a minifier made: hand-written ones are longer. */
const MINIFIED_CLASS = /^[\w$]{1,2}$/;

/** Advice for a name `Class.method` whose class a bundler has renamed; `undefined` for any other unknown name. */
export function minifiedAdvice(name: string, known: Iterable<string>): string | undefined {
  const methodOf = (each: string): string | undefined => each.split(/[. ]/)[1];
  const classOf = (each: string): string => each.split('.')[0] ?? '';
  const method = methodOf(name);
  if (method === undefined || MINIFIED_CLASS.test(classOf(name))) return undefined;
  const meant = [...known].find((each) => methodOf(each) === method && MINIFIED_CLASS.test(classOf(each)));
  if (meant === undefined) return undefined;
  return `The class names are minified: it may be '${meant}' now. Keep class names in your bundler, or name the handler with @OnShutdown({ name: '${name}' }).`;
}

/** The Levenshtein distance; only one row of its matrix is kept. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
