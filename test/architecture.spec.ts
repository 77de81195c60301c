import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A source of the library, with its path below lib/ and everything that it imports. */
interface Source {
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
  /** What is imported, `./` and `../` resolved to a path below lib/. */
  readonly imports: readonly string[];
}

const root = join(import.meta.dirname, '..', 'lib');

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|(?:^|\n)\s*import\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;

function importsOf(path: string, code: string): readonly string[] {
  return Array.from(code.matchAll(IMPORT), ([, from, bare, dynamic]) => {
    const imported = from ?? bare ?? dynamic ?? '';
    return imported.startsWith('.') ? posix.join(posix.dirname(path), imported) : imported;
  });
}

const sources: readonly Source[] = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(root.length + 1).replaceAll('\\', '/');
    const text = readFileSync(file, 'utf8');
    const code = text.replace(COMMENT, '');
    return { path, text, code, imports: importsOf(path, code) };
  });

const GLOBAL_PROCESS = /(?<![\w$./-])process(?:\.\w+|\[)|globalThis\.process|['"](?:node:)?process['"]/g;

/** The folder of a path below lib/; a file at the top is its own. */
function folderOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function isExternal(imported: string): boolean {
  return !sources.some(({ path }) => path === imported.replace(/\.js$/, '.ts'));
}

/** Each import of the folder that is not allowed, as `file imports what`. */
function forbiddenImports(
  folder: string,
  isAllowed: (imported: string, source: Source) => boolean,
): readonly string[] {
  return sources
    .filter(({ path }) => folderOf(path) === folder)
    .flatMap((source) =>
      source.imports
        .filter((imported) => !isAllowed(imported, source))
        .map((imported) => `${source.path} imports ${imported}`),
    );
}

/** Each line of code that matches, as `file:line text`. */
function linesWith(
  pattern: RegExp,
  isConcerned: (source: Source) => boolean = () => true,
): readonly string[] {
  return sources.filter(isConcerned).flatMap(({ path, text }) =>
    text
      .replace(COMMENT, (comment) => comment.replace(/[^\n]/g, ' '))
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
}

const ENGINE = ['plan', 'run', 'report'];

/** Folders of the core that put tasks into phases; none of them knows another. */
const FEATURES = ['readiness', 'in-flight', 'http', 'probes', 'tracing'];

/** Folders with an entry point of their own, for an optional peer: they know the core, and not each other. */
const PEERS = ['microservices', 'websockets', 'bullmq', 'schedule', 'terminus'];

/** The files that know the library as a whole. */
const SEES_EVERYTHING = /^(index|assembly|graceful-shutdown(\.[a-z-]+)?)\.ts$/;

/** What everybody may see: the contract of a feature, a message to the operator, the tokens of other copies. */
const LEAVES = ['feature.ts', 'notice.ts', 'tokens.ts'];

test('the sources are found, with what they import', () => {
  expect(sources.length).toBeGreaterThan(40);
  const face = sources.find(({ path }) => path === 'graceful-shutdown.ts');
  expect(face?.imports).toEqual(expect.arrayContaining(['rxjs', 'run/shutdown-run.js', 'plan/task.js']));
});

describe('rule 11: the engine knows no Nest, no process and no real clock', () => {
  test('it imports nothing from outside', () => {
    const found = ENGINE.flatMap((folder) => forbiddenImports(folder, (imported) => !isExternal(imported)));
    expect(found).toEqual([]);
  });

  test('it reads no time and starts no timer of its own', () => {
    const found = linesWith(
      /\b(Date\.now|new Date|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
      ({ path }) => ENGINE.includes(folderOf(path)),
    );
    expect(found).toEqual([]);
  });

  test('only process/node-process.ts mentions the process', () => {
    const found = sources
      .filter(({ path }) => path !== 'process/node-process.ts' && folderOf(path) !== 'cli')
      .flatMap(({ path, code }) => (code.match(GLOBAL_PROCESS) ?? []).map((use) => `${path} has ${use}`));
    expect(found).toEqual([]);
  });
});

/** Each way along imports, types included, by which a file leads back to itself. */
function importCircles(): readonly string[] {
  const importsOfFile = new Map(
    sources.map(({ path, imports }) => [path, imports.map((each) => each.replace(/\.js$/, '.ts'))]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path) || way.includes(path)) return;
    for (const imported of importsOfFile.get(path) ?? []) visit(imported, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return circles;
}

describe('the arrows between the folders', () => {
  test('no file leads back to itself, not even by its types', () => {
    expect(importCircles()).toEqual([]);
  });

  /** Whether an import stays within folders, or names one of the files. */
  const within = (...allowed: readonly string[]) => {
    return (imported: string): boolean =>
      !isExternal(imported) &&
      (allowed.includes(folderOf(imported)) || allowed.includes(imported.replace(/\.js$/, '.ts')));
  };

  test('plan sees itself alone', () => {
    expect(forbiddenImports('plan', within('plan'))).toEqual([]);
  });

  test('run sees the plan', () => {
    expect(forbiddenImports('run', within('plan', 'run'))).toEqual([]);
  });

  test('report sees the plan and the run', () => {
    expect(forbiddenImports('report', within('plan', 'run', 'report'))).toEqual([]);
  });

  test.each([
    ['nest', []],
    ['notice.ts', []],
    ['tokens.ts', []],
    ['feature.ts', ['plan', 'run', 'discovery', 'notice.ts']],
    ['discovery', ['plan', 'nest']],
    ['startup-checks', ['plan', 'run', 'discovery', 'nest', 'notice.ts']],
    ['logging', ['plan', 'run', 'report', 'notice.ts']],
    ['process', ['plan', 'run', 'report', 'notice.ts']],
    ['report-output', ['plan', 'run', 'report', 'notice.ts']],
    [
      'lifecycle',
      ['plan', 'run', 'report', 'nest', 'discovery', 'process', 'startup-checks', 'feature.ts', 'notice.ts'],
    ],
  ] as const)('%s sees itself, %j and nothing else of the library', (folder, seen) => {
    const allowed = within(folder, ...seen);
    expect(forbiddenImports(folder, (each) => isExternal(each) || allowed(each))).toEqual([]);
  });

  test('only the assembly sees the log', () => {
    const found = sources
      .filter(({ path }) => path !== 'assembly.ts' && folderOf(path) !== 'logging')
      .flatMap(({ path, imports }) =>
        imports.filter((each) => folderOf(each) === 'logging').map((each) => `${path} imports ${each}`),
      );
    expect(found).toEqual([]);
  });

  // It stands in for a user's tests: it puts an application on another clock and closes it, from outside.
  test('testing sees the core from above, and no entry point of a peer', () => {
    const found = forbiddenImports(
      'testing',
      (each) => each === '@nestjs/common' || (!isExternal(each) && !PEERS.includes(folderOf(each))),
    );
    expect(found).toEqual([]);
  });

  test('nobody sees testing', () => {
    const found = sources
      .filter(({ path }) => folderOf(path) !== 'testing')
      .flatMap(({ path, imports }) =>
        imports.filter((each) => folderOf(each) === 'testing').map((each) => `${path} imports ${each}`),
      );
    expect(found).toEqual([]);
  });

  test.each(FEATURES)('the feature %s sees plan, run, discovery, nest and the contract', (feature) => {
    const allowed = within('plan', 'run', 'discovery', 'nest', 'feature.ts', 'notice.ts', feature);
    expect(forbiddenImports(feature, (each) => isExternal(each) || allowed(each))).toEqual([]);
  });

  test('no feature sees another, and the core sees no entry point of a peer', () => {
    const found = FEATURES.flatMap((feature) => {
      const others = [...FEATURES, ...PEERS].filter((each) => each !== feature);
      return forbiddenImports(feature, (each) => isExternal(each) || !others.includes(folderOf(each)));
    });
    expect(found).toEqual([]);
  });

  test('no entry point of a peer sees another', () => {
    const found = PEERS.flatMap((peer) => {
      const others = PEERS.filter((each) => each !== peer);
      return forbiddenImports(peer, (each) => isExternal(each) || !others.includes(folderOf(each)));
    });
    expect(found).toEqual([]);
  });

  test('nobody below sees the module, the injectable face or the index', () => {
    const found = sources
      .filter(({ path }) => path.includes('/') && ![...PEERS, 'testing', 'cli'].includes(folderOf(path)))
      .flatMap(({ path, imports }) =>
        imports
          .filter((imported) => SEES_EVERYTHING.test(imported.replace(/\.js$/, '.ts')))
          .map((imported) => `${path} imports ${imported}`),
      );
    expect(found).toEqual([]);
  });

  test('only the index, the module, its assembly and the leaves stand above the folders', () => {
    const found = sources
      .map(({ path }) => path)
      .filter((path) => !path.includes('/') && !SEES_EVERYTHING.test(path) && !LEAVES.includes(path));
    expect(found).toEqual([]);
  });

  test('the core loads nothing but its peers', () => {
    const peers = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
    const found = sources
      .filter(({ path }) => ![...PEERS, 'cli'].includes(folderOf(path)))
      .flatMap(({ path, imports }) =>
        imports
          .filter((each) => isExternal(each) && !each.startsWith('node:') && !peers.includes(each))
          .map((each) => `${path} imports ${each}`),
      );
    expect(found).toEqual([]);
  });
});

/** The file that computes what a shutdown, a phase, a task or a drain may take, and until when. */
const TIME_BUDGET = 'plan/time-budget.ts';

/** These move their own time on, and set no limit. */
const CLOCKS = ['run/run-clock.ts', 'process/system-clock.ts', 'testing/manual-clock.ts'];

/** What holds a limit: an instant at which something ends, or how long it may take. */
const LIMIT =
  '(?:\\w*(?:[tT]imeout|[dD]eadline|gracePeriod|graceMs|[sS]hutdownDelay|[lL]ongestPath|allowedMs|endsAt|dueAt|RESERVE)\\w*|\\w+Limit|[lL]imit(?:Ms)?|until|latest)(?:\\.ms)?';

/** Arithmetic over a limit, or the instant that comes so long after now, or what is left until an instant. */
const TIME_ARITHMETIC = new RegExp(
  [
    `\\b${LIMIT}\\)? [-+*/] `,
    ` [-+*/] \\(?(?:[\\w#]+\\.)*${LIMIT}\\b`,
    `Math\\.(?:min|max)\\([^)]*\\b${LIMIT}\\b`,
    `\\bnow(?:\\(\\))? \\+ `,
    ` - (?:[\\w#]+\\.)*#?now\\b`,
    `\\bmillisecondsUntil\\([^)]*\\) [-+*/] `,
  ].join('|'),
);

/** A line of code with no more of its texts than what is computed in them. */
function withoutText(line: string): string {
  return line
    .replace(/'[^']*'/g, "''")
    .replace(/`[^`]*`/g, (text) => (text.match(/\$\{[^}]*\}/g) ?? []).join(' ; '));
}

describe('time arithmetic', () => {
  test.each([
    'const until = clock.now() + limit;',
    'const until = now + this.#patience;',
    'const left = until - clock.now();',
    'const left = context.deadline - this.#now;',
    'const run = settings.gracePeriod - 1_000;',
    'const late = limits.run + RESERVE / 2;',
    'const needed = held + plan.longestPath.ms;',
    'const shorter = Math.min(task.timeout, phase.timeout);',
    'const left = Math.max(0, deadline);',
    'const kept = Math.min(reserve, allowedMs / 2);',
    'const exitLimit = 2 * this.parts.closeLimit;',
    'const window = millisecondsUntil(deadline, clock) / 2;',
  ])('is found by the check below: `%s`', (line) => {
    expect(TIME_ARITHMETIC.test(line)).toBe(true);
  });

  test.each([
    'const ageMs = now - startedAt;',
    'if (timeout > phase.timeout) return;',
    'const late = clock.now() >= scope.deadline;',
    'const text = `${phase.timeout} ms`;',
    'const most = Math.max(0, ...phases.map((phase) => phase.name.length));',
    'const seen = offset + turn.length;',
  ])('is not taken for what `%s` is', (line) => {
    expect(TIME_ARITHMETIC.test(line)).toBe(false);
  });

  test('over timeouts, deadlines and the grace period stands in plan/time-budget.ts alone', () => {
    const found = linesWith(TIME_ARITHMETIC, ({ path }) => path !== TIME_BUDGET && !CLOCKS.includes(path));
    expect(found.filter((line) => TIME_ARITHMETIC.test(withoutText(line)))).toEqual([]);
  });

  test('is in use: every layer with a limit imports plan/time-budget.ts', () => {
    const users = sources.filter(({ imports }) => imports.includes('plan/time-budget.js'));
    expect([...new Set(users.map(({ path }) => folderOf(path)))]).toEqual(
      expect.arrayContaining(['plan', 'run', 'lifecycle', 'cli', 'bullmq', 'websockets', 'microservices']),
    );
  });
});

describe('the house', () => {
  test('has no folder that is named after nothing', () => {
    const nameless = ['utils', 'util', 'common', 'helpers', 'interfaces', 'misc', 'types'];
    const found = sources
      .map(({ path }) => path)
      .filter((path) =>
        path
          .split('/')
          .slice(0, -1)
          .some((folder) => nameless.includes(folder)),
      );
    expect(found).toEqual([]);
  });

  test('has files of at most 300 lines', () => {
    const found = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 300)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(found).toEqual([]);
  });

  test('has no type `any`', () => {
    expect(linesWith(/[:<|&(,]\s*any\b(?!\s+[a-z])|\bas any\b|\bany\[\]/)).toEqual([]);
  });

  test('writes to no console', () => {
    expect(linesWith(/\bconsole\b/)).toEqual([]);
  });

  test('switches no check off', () => {
    const found = sources
      .filter(({ text }) => /@ts-(ignore|expect-error|nocheck)|(eslint|oxlint)-disable/.test(text))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });

  test('exports by name', () => {
    expect(linesWith(/\bexport default\b|\bexport \*/)).toEqual([]);
  });

  test('has the wording of the log in one file', () => {
    const found = sources
      .filter(({ path }) => folderOf(path) !== 'logging')
      .filter(({ code }) => /\.(log|warn|error)\(\s*['"`]/.test(code))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });
});
