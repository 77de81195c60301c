// Bundles the code once, for both module systems: a process that imports and requires the package has one copy of each
// class and each state. An ES module cannot be required everywhere, and Nest 12 is only ES modules, which Jest cannot
// require. So the shared files are CommonJS and load no peer: each exports a function that is called with the peers by
// the short file of the entry point, which imports or requires them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { ENTRY_POINTS, PEERS } from './entry-points.js';

const COMMAND = 'command';
const YAML = 'yaml';

/**
 * Bundles what was compiled.
 *
 * @returns the files of other packages that are part of it
 */
export async function bundleCode(compiled, dist) {
  const sources = [...ENTRY_POINTS, [COMMAND, 'cli/main']];
  const bundle = await rolldown({
    input: Object.fromEntries(sources.map(([name, source]) => [name, join(compiled, `${source}.js`)])),
    platform: 'node',
    external: (id) => isBuiltin(id) || PEERS.includes(id),
    experimental: { attachDebugInfo: 'none' },
  });
  const { output } = await bundle.generate({
    format: 'cjs',
    exports: 'named',
    // Stacks and the timeline name functions and classes, also where two files have one of the same name.
    keepNames: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [{ debugName: 'shared', name: (id, modules) => sharedFileOf(id, { modules, compiled }) }],
    },
  });
  await bundle.close();
  const write = (file, text) => {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    writeFileSync(join(dist, file), text);
  };
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  for (const chunk of chunks.values()) {
    const code =
      chunk.name === YAML
        ? minifySync(chunk.fileName, chunk.code, { mangle: { toplevel: true } }).code
        : chunk.code;
    write(`cjs/shared/${chunk.fileName}`, factoryOf({ ...chunk, code }));
  }
  for (const name of ENTRY_POINTS.keys()) {
    const entry = { name, peers: peersOf(name, chunks), names: chunks.get(`${name}.js`).exports };
    write(`cjs/${name}.js`, requiringEntry(entry));
    write(`esm/${name}.js`, importingEntry(entry));
  }
  write('esm/cli/main.js', commandFile(peersOf(COMMAND, chunks)));
  write('cjs/package.json', '{"type":"commonjs"}\n');
  return output.flatMap(({ moduleIds }) => moduleIds).filter((id) => id.includes('/node_modules/'));
}

/**
 * Which shared file a module of the core goes to: what an entry point or the command has for itself stays there. What
 * needs no peer is apart, so that the command starts without Nest.
 */
function sharedFileOf(id, { modules, compiled }) {
  if (id.includes('/node_modules/')) return YAML;
  const path = relative(compiled, id);
  if (path.startsWith('cli/') || ENTRY_POINTS.has(path.split('/')[0])) return null;
  return needsPeer(id, modules) ? 'core' : 'base';
}

function needsPeer(id, modules, seen = new Set()) {
  if (PEERS.includes(id)) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return (modules.getModuleInfo(id)?.importedIds ?? []).some((each) => needsPeer(each, modules, seen));
}

/** The parentheses make V8 compile the function as it reads it, and not read it twice. */
function factoryOf({ code, fileName, imports, dynamicImports }) {
  const left = new Set([...imports, ...dynamicImports]);
  const body = code.replaceAll(/\brequire\("([^"]+)"\)/g, (call, path) => {
    left.delete(path.replace(/^\.\//, ''));
    if (PEERS.includes(path)) return `peers[${JSON.stringify(path)}]`;
    return path.startsWith('./') ? `${call}(peers)` : call;
  });
  if (left.size > 0) throw new Error(`${fileName} does not require ${[...left].join(', ')} as expected`);
  return `"use strict";
let made;
module.exports = (peers) => (made ??= create(peers));
const create = (function (peers) {
const exports = {};
${body}
return exports;
});
`;
}

/** The peers that an entry point needs, also by way of what it shares with others. */
function peersOf(name, chunks) {
  const seen = new Set([`${name}.js`]);
  for (const file of seen) {
    const { imports = [], dynamicImports = [] } = chunks.get(file) ?? {};
    for (const each of [...imports, ...dynamicImports]) seen.add(each);
  }
  return PEERS.filter((peer) => seen.has(peer));
}

function requiringEntry({ name, peers }) {
  const given = peers.map((peer) => `  ${JSON.stringify(peer)}: require(${JSON.stringify(peer)}),\n`);
  return `"use strict";\nmodule.exports = require("./shared/${name}.js")({\n${given.join('')}});\n`;
}

function importingEntry({ name, peers, names }) {
  const lines = peers.map((peer, index) => `import * as peer${index} from ${JSON.stringify(peer)};\n`);
  const given = peers.map((peer, index) => `  ${JSON.stringify(peer)}: peer${index},\n`);
  return `${lines.join('')}import create from "../cjs/shared/${name}.js";
export const {
${names.map((each) => `  ${each},\n`).join('')}} = create({
${given.join('')}});
`;
}

/** The command loads a peer only when it is about to use it. */
function commandFile(peers) {
  const given = peers.map((peer) => {
    const written = JSON.stringify(peer);
    return `  get ${written}() {\n    return require(${written});\n  },\n`;
  });
  return `#!/usr/bin/env node
import { createRequire } from "node:module";
import create from "../../cjs/shared/${COMMAND}.js";
const require = createRequire(import.meta.url);
await create({
${given.join('')}}).main(import.meta.url);
`;
}
