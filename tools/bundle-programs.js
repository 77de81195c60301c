// Bundles the programs that suites fork, for each major of Nest into a folder of its own, `build/nest-<major>`. A
// program of few files boots in a third of the processor time, and a run of all suites starts hundreds. The drivers of
// brokers and databases stay outside, and are found beside the Nest that uses them.
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const HOMES = { 11: resolve('test/nest-11'), 12: resolve('.') };
const OUTSIDE = [
  '@grpc/*',
  '@nats-io/*',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  'amqp-connection-manager',
  'amqplib',
  'bufferutil',
  'bullmq',
  'class-transformer',
  'class-validator',
  'ioredis',
  'kafkajs',
  'mqtt',
  'nats',
  'reflect-metadata',
  'utf-8-validate',
];
// What is CommonJS inside asks for `require`, which an ES module does not have. And the order of modules is lost where
// programs share their parts, so what decorators need comes first in each.
const FIRST = [
  "import 'reflect-metadata';",
  "import { createRequire as requireOf } from 'node:module';",
  'const require = requireOf(import.meta.url);',
].join(' ');

const programsIn = (folder) =>
  readdirSync(`build/${folder}`)
    .filter((file) => file.endsWith('.js'))
    .map((file) => `build/${folder}/${file}`);
const programs = [
  ...programsIn('process'),
  ...['consumer', 'gateway', 'producer', 'self-caller'].map((name) => `build/services/${name}.js`),
  ...programsIn('services/bullmq'),
  'build/random/programs/subject.js',
];

/**
 * Nest is that of the major. What Nest would load if it were there, and is not, stays outside. A CommonJS package that
 * is imported dynamically would have no names, so it gets them from a module that lists them.
 */
const nestOf = (home, isCommonJs) => ({
  name: 'nest',
  setup({ onLoad, onResolve }) {
    const require = createRequire(join(home, 'package.json'));
    onResolve({ filter: /^@nestjs\// }, ({ path, kind }) => {
      let resolved;
      try {
        resolved = require.resolve(path);
      } catch {
        return { path, external: true };
      }
      const isListed = isCommonJs && kind === 'dynamic-import';
      return { path: resolved, namespace: isListed ? 'listed' : 'file' };
    });
    onLoad({ filter: /./, namespace: 'listed' }, ({ path }) => ({
      contents: `export { ${Object.keys(require(path)).join(', ')} } from ${JSON.stringify(path)};`,
      resolveDir: home,
    }));
  },
});

for (const [major, home] of Object.entries(HOMES)) {
  const outdir = `build/nest-${major}`;
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  symlinkSync(join(home, 'node_modules'), `${outdir}/node_modules`);
  await build({
    entryPoints: programs,
    outdir,
    outbase: 'build',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    external: OUTSIDE,
    plugins: [nestOf(home, major === '11')],
    banner: { js: FIRST },
    logLevel: 'warning',
  });
}
