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

  test('is drained as one minified file, whose class names a bundler has shortened', async () => {
    const { folder } = project();
    await bundle(project());
    const ended = await stoppedUnder({ folder }, 'bundled.mjs', { binary: process.execPath, args: [] });
    expect(ended).toMatchObject({ code: 0, signal: null, errors: [] });
    const output = ended.lines.join('\n');
    expect(output).toMatch(/: completed\.[^]*HttpDrain[^]*\w\.publishRest[^]*\w\.close/);
    expect(output).not.toContain('OrdersOutbox');
  });

  if (MATRIX === 'full') {
    test('is stopped under Deno by SIGTERM: in order, with 0 and the timeline', async () => {
      const ended = await stoppedUnder(project(), 'dist/main.js', await deno());
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.lines.join('\n')).toMatch(/: completed\.[^]*OrdersOutbox\.publishRest[^]*Database\.close/);
    });

    test('says under Bun that its server is not drained, and fails', async () => {
      const ended = await stoppedUnder(project(), 'dist/main.js', await bun());
      expect(ended).toMatchObject({ code: 1, signal: null });
      const output = [...ended.lines, ...ended.errors].join('\n');
      expect(output).toMatch(/The HTTP server is not drained: [^]*: failed\.[^]*Database\.close/);
    });
  }
});

/** Packages that Nest loads where they are there. */
const LOADED_IF_PRESENT = [
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@nats-io/transport-node',
  '@nestjs/microservices',
  '@nestjs/platform-socket.io',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

/** Makes one minified file of the application and everything that it imports: `bundled.mjs`. */
async function bundle(project: Project): Promise<void> {
  // What of the bundle is CommonJS requires the modules of Node.
  const banner = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
  await project.run(join(ROOT, 'node_modules/.bin/esbuild'), [
    'dist/main.js',
    '--bundle',
    '--minify',
    '--platform=node',
    '--format=esm',
    '--log-level=error',
    '--outfile=bundled.mjs',
    `--banner:js=${banner}`,
    ...LOADED_IF_PRESENT.map((name) => `--external:${name}`),
  ]);
}

function stoppedUnder(
  { folder }: Pick<Project, 'folder'>,
  file: string,
  { binary, args }: Runtime,
): Promise<EndedProgram> {
  return stoppedProgram(file, {
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
