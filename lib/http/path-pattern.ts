/** Whether a request path matches one of the patterns. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles paths as written in a router, which is also how the report names them. `:name` matches one segment or a
 * part of one, `*` and `*name` match the rest of the path, `{…}` is optional. The older forms `:name?`, `:name+`,
 * `:name*` and `:name(\\d+)` also work. Case, a trailing slash and percent-encoding do not matter.
 */
export function pathMatcher(patterns: readonly string[]): PathMatcher {
  if (patterns.length === 0) return () => false;
  const matchers = patterns.map(matcherOf);
  return (path) => {
    const plain = plainPath(path);
    return matchers.some((matches) => matches(plain));
  };
}

/** What is wrong with a pattern; `undefined` if it is valid. */
export function patternFault(pattern: string): string | undefined {
  try {
    expressionOf(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function matcherOf(pattern: string): PathMatcher {
  if (patternFault(pattern) !== undefined) return (path) => path === pattern;
  const expression = expressionOf(pattern);
  // If an optional part at the end is missing, its slash may remain.
  return (path) => expression.test(path) || expression.test(`${path}/`);
}

type Groups = Readonly<Record<string, string | undefined>>;

const NAME = String.raw`[\p{L}_$][\p{L}\p{N}_$]*|"[^"]+"`;
const GROUP = String.raw`\((?:[^()\\]|\\.)+\)`;

/** The pieces of a pattern; exactly one of them matches at each position. */
const PIECE = new RegExp(
  [
    String.raw`\\(?<escaped>.)`,
    String.raw`(?<slash>\/?):(?:${NAME})(?<own>${GROUP})?(?<often>[?+*])?`,
    `(?<group>${GROUP})`,
    String.raw`(?<rest>\*(?:${NAME})?)`,
    String.raw`(?<brace>[{}])`,
    String.raw`(?<literal>\/|[^\\:*{}()?#\/]+)`,
    String.raw`(?<wrong>.)`,
  ].join('|'),
  'gsu',
);

function expressionOf(pattern: string): RegExp {
  if (pattern.includes('//')) throw new Error("it has an empty segment, '//'");
  let depth = 0;
  const sources = Array.from(withoutEnd(pattern).matchAll(PIECE), ({ groups = {} }) => {
    if (groups['brace'] !== undefined) depth += groups['brace'] === '{' ? 1 : -1;
    if (depth < 0) throw new Error("it has a '}' without a '{'");
    return sourceOf(groups);
  });
  if (depth > 0) throw new Error("it has a '{' without a '}'");
  return new RegExp(`^${sources.join('')}$`, 'is');
}

function sourceOf({ escaped, slash, own, often, group, rest, brace, literal, wrong }: Groups): string {
  if (wrong !== undefined) throw new Error(faultOf(wrong));
  if (brace !== undefined) return brace === '{' ? '(?:' : ')?';
  if (rest !== undefined) return '.+';
  if (group !== undefined) return nonCapturing(group);
  if (slash !== undefined) return parameter(slash, own === undefined ? '[^/]+' : nonCapturing(own), often);
  return decoded(escaped ?? literal ?? '').replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function parameter(slash: string, value: string, often: string | undefined): string {
  switch (often) {
    case '?':
      return `(?:${slash}${value})?`;
    case '+':
      return `${slash}${value}(?:/${value})*`;
    case '*':
      return `(?:${slash}${value}(?:/${value})*)?`;
    default:
      return `${slash}${value}`;
  }
}

function nonCapturing(group: string): string {
  return `(?:${group.slice(1)}`;
}

function faultOf(character: string): string {
  switch (character) {
    case ':':
      return "it has a ':' without a name after it";
    case '?':
    case '#':
      return `it has a '${character}', but paths are matched without their query`;
    default:
      return `it has an unexpected '${character}'`;
  }
}

/** The path as it is matched. A request to a proxy starts with the address of the server. */
function plainPath(path: string): string {
  return withoutEnd(decoded(path.replace(/^https?:\/\/[^/]*/i, '')));
}

function withoutEnd(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

/** Keeps an encoded slash encoded, because it does not separate segments. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll(/%2f/gi, '%252F'));
  } catch {
    return text;
  }
}
