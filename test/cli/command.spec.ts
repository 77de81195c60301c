import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reportToJson } from '../../lib/report/report-json.js';
import { Project, ROOT, type Ended } from './project.js';

// Each of these starts a process, and a busy machine takes its time.
import.meta.jest.setTimeout(60_000);

const MANIFESTS = fileURLToPath(new URL('manifests/', import.meta.url));

interface Named {
  readonly name: string;
  readonly tasks: readonly string[];
}

/** The names of phases and tasks, in their order. */
function namesIn(json: string): readonly Named[] {
  const { phases }: { phases: { name: string; tasks: { name: string }[] }[] } = JSON.parse(json);
  return phases.map(({ name, tasks }) => ({ name, tasks: tasks.map((task) => task.name) }));
}

function wrongUse(message: string): Ended {
  return { code: 2, stdout: '', stderr: `phased-shutdown: ${message}\n` };
}

const WRONG_USES: readonly (readonly [string, string])[] = [
  ['plan nothing.js', 'nothing.js: file not found.'],
  ['plan dist', 'dist: expected a file.'],
  [
    'plan dist/faults.js --export BareModule',
    'the application has no GracefulShutdownModule. Import GracefulShutdownModule.forRoot() in its root module.',
  ],
  [
    'plan dist/faults.js --export MispeltModule',
    "dist/faults.js: no export 'MispeltModule'. Did you mean 'MisspeltModule'? Known: 'BareModule', 'MisspeltModule', 'TwiceModule', 'UnresolvedModule', 'answer'.",
  ],
  [
    'plan dist/faults.js --export answer',
    "dist/faults.js: the export 'answer' is neither a class nor a dynamic module.",
  ],
  [
    'plan dist/factories.js',
    "dist/factories.js: found several modules. Choose one with --export. Known: 'FailingModule', 'InjectingModule', 'PlainModule'.",
  ],
  [
    'plan dist/factories.js --export FailingModule',
    'the factory of forRootAsync() threw: DRAIN_SECONDS is not set',
  ],
  [
    'plan dist/bootstrap.js',
    'dist/bootstrap.js: expected the file of the root module, got one that starts an application (NestFactory.create). Pass the root module, such as dist/app.module.js.',
  ],
  ['plan package.json', 'package.json: cannot be loaded: '],
  ['plan dist/shop.module.js --options {', '--options: invalid JSON: '],
  ['report nothing.json', 'nothing.json: file not found.'],
  ['report package.json', 'package.json: not a shutdown report: it has no `version`.'],
  ['chek', "chek: unknown command. Did you mean 'check'? Known: 'plan', 'check', 'report'."],
];

describe.each([11, 12] as const)('the command in a project on Nest %d', (major) => {
  let project: Project;

  beforeAll(() => {
    project = new Project(major);
  });

  afterAll(() => project.remove());

  test('plan prints the plan that the application logs at boot', () => {
    const { code, stdout } = project.command('plan', 'dist/shop.module.js', '--format', 'json');
    const real = project.node('dist/real-plan.js', 'dist/shop.module.js');
    expect(code).toBe(0);
    expect(namesIn(stdout)).toEqual(JSON.parse(real.stdout));
    expect(namesIn(stdout)).toContainEqual({
      name: 'close',
      tasks: [
        'MemoryBroker.disconnect',
        'Orders.close',
        'Pool.close',
        'Cursor.release (close, #1)',
        'Cursor.release (close, #2)',
      ],
    });
  });

  test('plan creates no provider, calls no factory and opens no port', () => {
    const { code, stdout, stderr } = project.command('plan', 'dist/throwing.module.js');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'phased-shutdown: A preview does not call factories. Handlers of what they create are missing from the plan (CACHE).\n',
    });
    expect(`\n${stdout}`).toBe(`
unready   1 000 ms  parallel
└─ HttpDrain.leave
drain    15 000 ms  parallel
├─ HttpDrain
└─ InFlightWork
flush     3 000 ms  parallel
└─ (nothing)
close     5 000 ms  dependency
├─ Orders.end
└─ Pool.end    after Orders.end

at most  unready 1 000 + drain 15 000 + flush 3 000 + close 5 000 = 24 000 ms
and 1 000 ms for the end of the process, within a gracePeriod of 30 000 ms
`);
  });

  test('exits with code 1 and lists all configuration errors if the application would not start', () => {
    const { code, stdout, stderr } = project.command('plan', 'dist/faults.js', '--export', 'MisspeltModule');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^phased-shutdown: Invalid shutdown configuration \(2 problems\):\n {2}gracePeriod: .*\n {2}Outbox\.publish\.phase: unknown phase 'flsh'\. Did you mean 'flush'\?.*\n$/,
    );
    expect(project.command('plan', 'dist/faults.js', '--export', 'TwiceModule').stderr).toContain(
      'the module is imported more than once',
    );
  });

  test("reports an unresolvable provider with Nest's own message", () => {
    const { code, stderr } = project.command('plan', 'dist/faults.js', '--export', 'UnresolvedModule');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^phased-shutdown: dist\/faults\.js: Nest cannot load the application in preview mode: .*Lonely.*\n$/,
    );
  });
});

describe('the command', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(12);
  });

  afterAll(() => project.remove());

  test('plan prints the warnings that the application logs at boot', () => {
    const { stderr } = project.command('plan', 'dist/shop.module.js');
    expect(stderr).toContain("'Users.flush (telemetry)' runs after 'Pool.close' has ended");
  });

  test('applies the shutdownDelay of Kubernetes with --kubernetes', () => {
    const { stdout } = project.command('plan', 'dist/noisy.module.js', '--kubernetes', '--format', 'mermaid');
    expect(stdout).toMatch(
      /^flowchart TD\n {2}subgraph p0\["unready, 6 000 ms, parallel"\]\n {4}p0t0\["shutdownDelay"\]/,
    );
  });

  test('keeps the output of a loading application out of the result, and exits despite its open handles', () => {
    const { code, stdout, stderr } = project.command('plan', 'dist/noisy.module.js', '--format', 'json');
    expect(code).toBe(0);
    expect(namesIn(stdout).map(({ name }) => name)).toEqual(['unready', 'drain', 'flush', 'close']);
    expect(stderr).toBe('loading\n');
  });

  test('includes the tasks of features, and warns about a feature that a preview cannot see', () => {
    const { stdout, stderr } = project.command('plan', 'dist/featured.module.js', '--format', 'json');
    expect(namesIn(stdout)).toContainEqual({
      name: 'drain',
      tasks: ['HttpDrain', 'InFlightWork', 'Queue.pause'],
    });
    expect(stderr.split('\n')).toEqual([
      'phased-shutdown: The work of one of the `features` is not drained: a preview cannot see it (no connection yet).',
      'phased-shutdown: The `features` find what they drain when the application starts, such as servers that main.ts connects. Their tasks may be missing from the plan.',
      '',
    ]);
  });

  test('calls an options factory that injects nothing', () => {
    const { stdout } = project.command(
      'plan',
      'dist/factories.js',
      '--export',
      'PlainModule',
      '--format',
      'json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ optionsFrom: 'factory', longestPath: { ms: 5_000 } });
  });

  test('cannot call an options factory with injections: plan warns, and check refuses', () => {
    const module = ['dist/factories.js', '--export', 'InjectingModule'];
    const sentence =
      'The options come from a factory that injects Config, which a preview does not create. This is the plan of the default options. Pass the options of the factory with --options.';
    const planned = project.command('plan', ...module, '--format', 'json');
    expect(planned.stderr).toBe(`phased-shutdown: ${sentence}\n`);
    expect(JSON.parse(planned.stdout)).toMatchObject({ optionsFrom: 'defaults' });
    expect(project.command('check', ...module, '--grace-period', '30s')).toEqual(wrongUse(sentence));
    const given = ['--options', '{ "phases": [{ "name": "stop", "timeout": 4000 }], "gracePeriod": 20000 }'];
    expect(project.command('check', ...module, '--grace-period', '20s', ...given)).toEqual({
      code: 0,
      stdout:
        '--grace-period 20s\n  fits   unready 1 000 + stop 4 000 = 5 000 ms, and 1 000 ms for the end of the process: 6 000 ms of the 20 000 ms of --grace-period.\n',
      stderr: '',
    });
  });

  test('check exits with code 1 if the plan does not fit, and says what to set', () => {
    const ended = project.command('check', 'dist/noisy.module.js', '--grace-period', '20s');
    expect(ended).toEqual({
      code: 1,
      stdout:
        "--grace-period 20s\n  wrong  unready 1 000 + drain 15 000 + flush 3 000 + close 5 000 = 24 000 ms, and 1 000 ms for the end of the process: 5 000 ms more than the 20 000 ms of --grace-period. Set --grace-period 25s and gracePeriod: 25_000, or cut 'drain' from 15 000 ms to 10 000 ms, and set gracePeriod: 20_000.\n",
      stderr: 'loading\n',
    });
  });

  test("check uses the defaults of each manifest's platform", () => {
    const manifests = ['deployment-too-short.yaml', 'compose-fits.yaml', 'ecosystem-default.config.cjs'];
    const args = manifests.flatMap((file) => ['--manifest', `${MANIFESTS}${file}`]);
    const { code, stdout } = project.command('check', 'dist/noisy.module.js', ...args);
    const expected = manifests.map((file) =>
      readFileSync(`${MANIFESTS}expected/${file}.txt`, 'utf8').replace(file, `${MANIFESTS}${file}`),
    );
    expect(stdout).toBe(expected.join('\n'));
    expect(code).toBe(1);
  });

  test('check prints JSON', () => {
    const manifest = `${MANIFESTS}deployment-fits.yaml`;
    const args = ['check', 'dist/noisy.module.js', '--manifest', manifest, '--format', 'json'];
    const { code, stdout } = project.command(...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      fits: true,
      grants: [{ file: manifest, setting: 'terminationGracePeriodSeconds', graceMs: 30_000, fits: true }],
    });
  });

  test('loads CommonJS, and prefers AppModule among several modules', () => {
    project.write('commonjs/package.json', '{ "type": "commonjs" }');
    project.write(
      'commonjs/app.module.js',
      `require('reflect-metadata');
       const { Module } = require('@nestjs/common');
       const { GracefulShutdownModule, OnShutdown } = require('nestjs-phased-shutdown');
       class Pool { end() {} }
       OnShutdown({ name: 'the pool' })(Pool.prototype, 'end');
       class PoolModule {}
       Module({ providers: [Pool] })(PoolModule);
       class AppModule {}
       Module({ imports: [PoolModule, GracefulShutdownModule.forRoot()] })(AppModule);
       Object.assign(exports, { PoolModule, AppModule });`,
    );
    const { stdout, stderr } = project.command('plan', 'commonjs/app.module.js', '--format', 'json');
    expect(stderr).toBe('');
    expect(namesIn(stdout)).toContainEqual({ name: 'close', tasks: ['the pool'] });
  });

  test('says what to do if node cannot load a TypeScript file', () => {
    project.write('src/app.module.ts', 'enum Kind { Shop }\nexport class AppModule {}\n');
    const before = project.command('plan', 'src/app.module.ts');
    expect(before.code).toBe(2);
    expect(before.stderr).toMatch(
      /^phased-shutdown: src\/app\.module\.ts: node cannot load TypeScript with decorators\. Build the application and pass the built file, such as dist\/app\.module\.js\. .*\n$/,
    );
    project.write('dist/app.module.js', '');
    expect(project.command('plan', 'src/app.module.ts').stderr).toContain(
      'Pass the built file: dist/app.module.js.',
    );
  });

  test('renders a stored report as a timeline and as a page, and reads the page back', () => {
    const report = reportToJson({
      reason: { kind: 'signal', signal: 'SIGTERM' },
      joinedReasons: [{ kind: 'close' }],
      outcome: 'failed',
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      durationMs: 320,
      phases: [
        {
          name: 'close',
          mode: 'dependency',
          outcome: 'failed',
          startMs: 0,
          durationMs: 320,
          tasks: [
            { name: 'Pool.end', outcome: 'failed', startMs: 0, durationMs: 320, error: new Error('refused') },
          ],
        },
      ],
    });
    project.write('last.json', JSON.stringify(report));
    const text = project.command('report', 'last.json');
    expect(text.stdout).toMatch(
      /^Shutdown triggered by SIGTERM, 2026-01-02 03:04:05 UTC; also triggered by app\.close\(\)\.\nShut down: failed in 320 ms\.\n\nclose/,
    );
    expect(text.stdout).toContain('refused');
    const page = project.command('report', 'last.json', '--format', 'html');
    expect(page.stdout).toMatch(/^<!doctype html>/i);
    project.write('last.html', page.stdout);
    expect(project.command('report', 'last.html').stdout).toBe(text.stdout);
    expect(JSON.parse(project.command('report', 'last.html', '--format', 'json').stdout)).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
  });

  test('prints its help and its version', () => {
    const { version }: { version: string } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(project.command('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(project.command().stdout).toMatch(/^phased-shutdown shows how/);
    expect(project.command('check', '--help').stdout).toMatch(/^phased-shutdown check <module file>/);
  });

  test.each([
    ['04-dynamic-resources/app.module.js', 'AppModule'],
    ['06-kubernetes/app.module.js', 'AppModule'],
  ])('prints the same plan as the running sample %s', (file, name) => {
    const sample = `${ROOT}build/sample/${file}`;
    const planned = project.command('plan', sample, '--format', 'json');
    const real = project.node(`${ROOT}build/process/applications/real-plan.js`, sample, name);
    // Some samples log to standard output.
    const last = real.stdout.trimEnd().split('\n').at(-1) ?? '';
    expect(namesIn(planned.stdout)).toEqual(JSON.parse(last));
  });
});

describe('wrong usage', () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(12);
  });

  afterAll(() => project.remove());

  test.each(WRONG_USES)('prints one line for %s', (line, message) => {
    const { code, stdout, stderr } = project.command(...line.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^phased-shutdown: [^\n]*\n$/);
    expect(stderr).toContain(message);
  });
});
