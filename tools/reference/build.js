// Builds the API reference from the entry points of the package, into build/reference. What is exported and has no
// docstring, is mentioned and not exported, or linked and not there, is an error.
// Run it: npm run docs
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The source of each entry point: `./dist/esm/testing/index.js` is built from `lib/testing/index.ts`. */
const sources = Object.values(exports)
  .flatMap((entry) => entry.import?.default ?? [])
  .map((file) => file.replace('./dist/esm/', 'lib/').replace(/\.js$/, '.ts'));
const missing = sources.filter((source) => !existsSync(root + source));
for (const source of missing) console.log(`left out: ${source}, which package.json names and is not there`);

/** What has to have a docstring. A property says by its name and type what it is, where nothing is added to them. */
const documented = ['Class', 'Function', 'Interface', 'Method', 'Accessor', 'TypeAlias', 'Variable'];

/** What documented types are made of, or given by us alone, and what nobody has to name. */
const unnamed = [
  'Callers',
  'Injections',
  'Listener',
  'MarkedInstance',
  'MarkedProvider',
  'MistakeList',
  'Notice',
  'PhaseSettings',
  'Platform',
  'ProcessExit',
  'ProcessPort',
  'ShutdownRun',
  'ShutdownTarget',
  'UNREADY_PHASE',
];

const application = await Application.bootstrap({
  name: 'nestjs-phased-shutdown',
  basePath: `${root}lib`,
  entryPoints: sources.filter((source) => !missing.includes(source)).map((source) => root + source),
  tsconfig: `${root}tsconfig.json`,
  out: `${root}build/reference`,
  readme: 'none',
  githubPages: false,
  excludePrivate: true,
  excludeProtected: true,
  excludeExternals: true,
  excludeInternal: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  intentionallyNotExported: unnamed,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: documented,
});
const project = await application.convert();
if (project !== undefined) application.validate(project);
if (project === undefined || application.logger.hasErrors() || application.logger.hasWarnings()) {
  process.exitCode = 1;
} else {
  await application.generateOutputs(project);
}
