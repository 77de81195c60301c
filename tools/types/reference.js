// Builds the API reference from the entry points of the package, into build/reference. What is exported and has no
// docstring, is mentioned and not exported, or linked and not there, is an error.
// Run it: npm run docs
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { ENTRY_POINTS } from '../package/entry-points.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What has to have a docstring. A property says by its name and type what it is, where nothing is added to them. */
const documented = ['Class', 'Function', 'Interface', 'Method', 'Accessor', 'TypeAlias', 'Variable'];

/** What documented types are made of, or given by us alone, and what nobody has to name. */
const unnamed = [
  'AwaitedTask',
  'Clock',
  'DoctorOptions',
  'ExitMode',
  'ExitRequest',
  'HttpOptions',
  'Injections',
  'Listener',
  'LongestPath',
  'PhaseOutcome',
  'PhaseSettings',
  'PhaseTrace',
  'PlannedPhase',
  'Platform',
  'ProbesOptions',
  'ProcessEnd',
  'ProcessExit',
  'ProcessPort',
  'ReadinessState',
  'ReportJsonOptions',
  'ReportOptions',
  'ReportedPhaseOutcome',
  'ReportedTaskOutcome',
  'RunAt',
  'RunOptions',
  'RunOutcome',
  'RunTrace',
  'ShutdownFeatureFactory',
  'ShutdownListener',
  'ShutdownMistakeCode',
  'ShutdownRun',
  'ShutdownTraceSubscriber',
  'SkipCause',
  'TaskEvent',
  'TaskOutcome',
  'TaskTrace',
  'ThrownJson',
  'Timer',
  'UNREADY_PHASE',
];

const application = await Application.bootstrap({
  name: 'nestjs-phased-shutdown',
  basePath: `${root}lib`,
  entryPoints: [...ENTRY_POINTS.values()].map((source) => `${root}lib/${source}.ts`),
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
