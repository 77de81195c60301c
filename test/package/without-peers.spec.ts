import { PATIENCE } from './command.js';
import { CORE, ENTRY_POINTS, OPTIONAL_PEERS } from './entry-points.js';
import { loadEntryPoints, typeMistakes, type LoadedEntryPoint } from './entry-point-checks.js';
import { nodeBinary, NODES } from './nodes.js';
import { Project } from './project.js';
import { stoppedProgram } from './running-program.js';
import { packTarball } from './tarball.js';

import.meta.jest.setTimeout(PATIENCE);

let project: Project;

beforeAll(async () => {
  project = await Project.install({ name: 'without-peers' }, await packTarball());
  await project.run('npm', ['run', '--silent', 'build']);
});

/**
 * Tells whether an entry point was loaded, or the first attempt said which peer it lacks. Of the second, Node
 * 20.19.0 says only that the module stands in a cycle.
 */
function isExplained({ failures: [first] }: LoadedEntryPoint): boolean {
  return (
    first === undefined || OPTIONAL_PEERS.some((peer) => first.includes(`Cannot find package '${peer}'`))
  );
}

describe('a project that has none of the optional peers', () => {
  test('has clean types in both module systems, with its libraries checked', async () => {
    expect(await typeMistakes(project, [CORE])).toBe('');
  });

  describe.each(NODES)('on Node %s', (version) => {
    let node: string;

    beforeAll(async () => {
      node = await nodeBinary(version);
    });

    test('finds none of them', async () => {
      const { entries } = await loadEntryPoints(project, OPTIONAL_PEERS, node);
      expect(entries.filter(({ failures }) => failures.length < 2)).toEqual([]);
    });

    test('loads the core', async () => {
      const loaded = await loadEntryPoints(project, [CORE], node);
      expect(loaded).toMatchObject({ node: version, entries: [{ failures: [], twice: [] }] });
    });

    test('loads each other entry point, or is told which package that lacks', async () => {
      const { entries } = await loadEntryPoints(project, ENTRY_POINTS, node);
      expect(entries.filter((entry) => !isExplained(entry))).toEqual([]);
    });

    test('is stopped by SIGTERM with 0 and the timeline', async () => {
      const ended = await stoppedProgram('dist/main.js', { cwd: project.folder, node, until: /working/ });
      expect(ended).toMatchObject({ code: 0, signal: null, errors: [] });
      expect(ended.lines.join('\n')).toMatch(/: completed\.[^]*Poller\.stop[^]*Journal\.close/);
    });
  });
});
