/** Whether a request path is one of those that the patterns stand for. */
export type PathMatcher = (path: string) => boolean;

/**
 * Makes a matcher of paths as they are written in a router, and as the report names them. `:name` is one segment
 * or a part of one, `*` and `*name` are the rest of the path, `{…}` may be missing; of the older spelling `:name?`,
 * `:name+`, `:name*` and `:name(\\d+)` are known too. Case, a slash at the end and percent-encoding do not matter.
 */
export function pathMatcher(patterns: readonly string[]): PathMatcher {
  if (patterns.length === 0) return () => false;
  const matchers = patterns.map(matcherOf);
  return (path) => {
    const plain = plainPath(path);
    return matchers.some((matches) => matches(plain));
  };
}

/** What is wrong with a pattern, if anything is. */
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
  // What may be missing at the end may leave its slash.
  return (path) => expression.test(path) || expression.test(`${path}/`);
}

type Groups = Readonly<Record<string, string | undefined>>;

const NAME = String.raw`[\p{L}_$][\p{L}\p{N}_$]*|"[^"]+"`;
const GROUP = String.raw`\((?:[^()\\]|\\.)+\)`;

/** The pieces of a pattern: one of these stands at every place. */
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
      return "it has a ':' without a name behind it";
    case '?':
    case '#':
      return `it has a '${character}': a path is matched without its query`;
    default:
      return `it has a '${character}' that does not belong there`;
  }
}

/** The path of a request as it is matched; a request to a proxy has the address of the server in front of it. */
function plainPath(path: string): string {
  return withoutEnd(decoded(path.replace(/^https?:\/\/[^/]*/i, '')));
}

function withoutEnd(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

/** An encoded slash stays one: it does not divide segments. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll(/%2f/gi, '%252F'));
  } catch {
    return text;
  }
}
