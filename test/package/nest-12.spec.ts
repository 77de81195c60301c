import { join } from 'node:path';
import { describeApplication } from './application-suite.js';
import { PATIENCE } from './command.js';
import { ENTRY_POINTS } from './entry-points.js';
import { typeMistakes } from './entry-point-checks.js';
import { MATRIX } from './nodes.js';
import type { Project } from './project.js';
import { stoppedProgram, type EndedProgram } from './running-program.js';
import { bun, deno, type Runtime } from './runtimes.js';
import { ROOT } from './workshop.js';

import.meta.jest.setTimeout(PATIENCE);

describeApplication({ name: 'nest-12' }, (project) => {
  test('has clean types for the compiler that builds the library', async () => {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(await typeMistakes(project(), ENTRY_POINTS, { compiler })).toBe('');
  });

  if (MATRIX === 'full') {
    test('is stopped under Deno by SIGTERM: in order, with 0 and the timeline', async () => {
      const ended = await stoppedUnder(project(), await deno());
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.lines.join('\n')).toMatch(/: completed\.[^]*OrdersOutbox\.publishRest[^]*Database\.close/);
    });

    test('says under Bun that its server is not drained, and fails', async () => {
      const ended = await stoppedUnder(project(), await bun());
      expect(ended).toMatchObject({ code: 1, signal: null });
      const output = [...ended.lines, ...ended.errors].join('\n');
      expect(output).toMatch(/The HTTP server is not drained: [^]*: failed\.[^]*Database\.close/);
    });
  }
});

function stoppedUnder({ folder }: Project, { binary, args }: Runtime): Promise<EndedProgram> {
  return stoppedProgram('dist/main.js', {
    cwd: folder,
    node: binary,
    args,
    until: /listening on (http:\S+)/,
    whenReady: async ([, url]) => {
      expect(await (await fetch(`${url}/orders/7`)).json()).toEqual({ id: '7' });
    },
  });
}

if (MATRIX === 'full') describeApplication({ name: 'nest-12-jest', over: 'nest-12' });
