// Rolls up the types once, for both module systems: a type that is declared in two files is two types. CommonJS has
// them, and what an ES module imports passes on those.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { ENTRY_POINTS } from '../package/entry-points.js';

export async function bundleTypes(compiled, dist) {
  const sources = [...ENTRY_POINTS].map(([name, source]) => [name, join(compiled, `${source}.d.ts`)]);
  const bundle = await rollup({
    input: Object.fromEntries(sources),
    external: (id) => !/^[./]/.test(id),
    plugins: [withoutImplements(), dts()],
    treeshake: { moduleSideEffects: false },
    onLog(level, log, handle) {
      // What only an interface after `implements` needed.
      if (log.code !== 'UNUSED_EXTERNAL_IMPORT') handle(level, log);
    },
  });
  await bundle.write({
    dir: join(dist, 'cjs'),
    entryFileNames: '[name].d.ts',
    hoistTransitiveImports: false,
    chunkFileNames: ({ name }) => `types/${name.replace(/\.d$/, '')}.d.ts`,
  });
  await bundle.close();
  mkdirSync(join(dist, 'esm'), { recursive: true });
  for (const name of ENTRY_POINTS.keys()) {
    writeFileSync(join(dist, `esm/${name}.d.ts`), `export * from '../cjs/${name}.js';\n`);
  }
}

/** A class without its `@internal` members may lack what the interface asks for, which only we call. */
function withoutImplements() {
  return {
    name: 'without-implements',
    transform: (code) => code.replaceAll(/^(.*\bclass \w+.*?) implements [^{]+\{/gm, '$1 {'),
  };
}
