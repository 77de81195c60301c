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
const SEES_EVERYTHING = /^(index|graceful-shutdown(\.[a-z-]+)?)\.ts$/;

test('the sources are found, with what they import', () => {
  expect(sources.length).toBeGreaterThan(40);
  const face = sources.find(({ path }) => path === 'graceful-shutdown.ts');
  expect(face?.imports).toEqual(expect.arrayContaining(['rxjs', 'run/shutdown-run.js', '@nestjs/core']));
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

  test('only lifecycle/node-process.ts mentions the process', () => {
    const found = sources
      .filter(({ path }) => path !== 'lifecycle/node-process.ts' && folderOf(path) !== 'cli')
      .flatMap(({ path, code }) => (code.match(GLOBAL_PROCESS) ?? []).map((use) => `${path} has ${use}`));
    expect(found).toEqual([]);
  });
});

describe('the arrows between the folders', () => {
  const within = (...folders: readonly string[]) => {
    return (imported: string): boolean => !isExternal(imported) && folders.includes(folderOf(imported));
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

  test('discovery sees the plan', () => {
    const allowed = within('plan', 'discovery');
    expect(forbiddenImports('discovery', (each) => isExternal(each) || allowed(each))).toEqual([]);
  });

  test('logging sees what it puts into words', () => {
    const allowed = within('plan', 'run', 'report', 'logging');
    expect(forbiddenImports('logging', (each) => isExternal(each) || allowed(each))).toEqual([]);
  });

  test('lifecycle sees the engine and the log, and no feature', () => {
    const allowed = within('plan', 'run', 'report', 'logging', 'lifecycle');
    expect(forbiddenImports('lifecycle', (each) => isExternal(each) || allowed(each))).toEqual([]);
  });

  test('sinks sees the engine and the log', () => {
    const allowed = within('plan', 'run', 'report', 'logging', 'sinks');
    expect(forbiddenImports('sinks', (each) => isExternal(each) || allowed(each))).toEqual([]);
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

  test.each(FEATURES)('the feature %s sees plan, run and discovery', (feature) => {
    const allowed = within('plan', 'run', 'discovery', feature);
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

  test('only the index and the module stand above the folders', () => {
    const found = sources
      .map(({ path }) => path)
      .filter((path) => !path.includes('/') && !SEES_EVERYTHING.test(path));
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
