import { CORE, ENTRY_POINTS, manifest } from './entry-points.js';
import { loadEntryPoints, typeMistakes } from './entry-point-checks.js';
import { nodeBinary, NODES } from './nodes.js';
import { Project, type ProjectSources } from './project.js';
import { stoppedProgram } from './running-program.js';
import { packTarball } from './tarball.js';

/** The suite of an application: its types once, and on every Node what it does and what its own tests say. */
export function describeApplication(
  sources: ProjectSources,
  declareMore?: (of: () => Project) => void,
): void {
  describe(sources.name, () => {
    let project: Project;

    beforeAll(async () => {
      project = await Project.install(sources, await packTarball());
      await project.run('npm', ['run', '--silent', 'build']);
    });

    test('has clean types in both module systems, with its libraries checked', async () => {
      expect(await typeMistakes(project, ENTRY_POINTS)).toBe('');
    });

    declareMore?.(() => project);

    describe.each(NODES)('on Node %s', (version) => {
      let node: string;

      beforeAll(async () => {
        node = await nodeBinary(version);
      });

      test('loads every entry point once, for import and require alike', async () => {
        const loaded = await loadEntryPoints(project, ENTRY_POINTS, node);
        const entries = ENTRY_POINTS.map((name) => ({
          name,
          failures: [],
          exports: expect.arrayContaining([expect.any(String)]),
          renamed: [],
          twice: [],
        }));
        expect(loaded).toEqual({ node: version, entries });
      });

      test('is stopped by SIGTERM: in order, with 0 and the timeline', async () => {
        const ended = await stoppedProgram('dist/main.js', {
          cwd: project.folder,
          node,
          until: /listening on (http:\S+)/,
          whenReady: async ([, url]) => {
            expect(await (await fetch(`${url}/orders/7`)).json()).toEqual({ id: '7' });
          },
        });
        expect(ended).toMatchObject({ code: 0, signal: null, errors: [] });
        expect(tasksOf(ended.lines)).toEqual(['OrdersOutbox.publishRest', 'Database.close']);
      });

      test('says at boot that there are two copies of Nest', async () => {
        const { output } = await project.run(node, ['second-nest.mjs'], node);
        expect(output).toContain('npm ls @nestjs/core');
        expect(output).toContain('[SHUTDOWN_SECOND_NEST]');
      });

      test('passes its own tests', async () => {
        const { output, errors } = await project.run('npm', ['test'], node);
        expect(`${output}${errors}`).toMatch(/Tests:? +2 passed/);
      });

      test.each(Object.keys(manifest.bin))('has the command %s', async (command) => {
        const file = `node_modules/.bin/${command}`;
        const { output } = await project.run(file, ['plan', 'dist/app.module.js'], node);
        expect(output).toContain('OrdersOutbox.publishRest');
        expect(output).toContain('Database.close');
      });

      test.each(Object.keys(manifest.bin))('reads a manifest with the command %s', async (command) => {
        const args = ['check', 'dist/app.module.js', '--manifest', 'compose.yaml'];
        const { output } = await project.run(`node_modules/.bin/${command}`, args, node);
        expect(output).toContain('compose.yaml');
      });
    });
  });
}

/** The handlers of the application in the order of the timeline that it printed. */
function tasksOf(lines: readonly string[]): readonly string[] {
  const begin = lines.findIndex((line) => /Shut down in [\d ]+ ms: completed/.test(line));
  if (begin === -1) throw new Error(`There is no timeline of ${CORE}:\n${lines.join('\n')}`);
  return lines.slice(begin).flatMap((line) => /^\s+((?:OrdersOutbox|Database)\.\w+)/.exec(line)?.[1] ?? []);
}
