import type { Project } from './project.js';

/** What `checks/entry-points.mjs` tells of an entry point. */
export interface LoadedEntryPoint {
  readonly name: string;
  /** Why `import` or `require` failed. */
  readonly failures: readonly string[];
  readonly exports: readonly string[];
  /** The exported classes and functions that have another name than their export. */
  readonly renamed: readonly string[];
  /** The exports that `require` has as another thing than `import`. */
  readonly twice: readonly string[];
}

export interface LoadedEntryPoints {
  /** The version of Node that loaded them. */
  readonly node: string;
  readonly entries: readonly LoadedEntryPoint[];
}

/** Loads these by `import` and by `require` in one process of the project. */
export async function loadEntryPoints(
  project: Project,
  names: readonly string[],
  node: string,
): Promise<LoadedEntryPoints> {
  const { output } = await project.run(node, ['entry-points.mjs', ...names], node);
  // What the script writes.
  return JSON.parse(output) as LoadedEntryPoints;
}

/** What the compiler has to say of these, imported from both module systems; nothing where all is well. */
export async function typeMistakes(
  project: Project,
  names: readonly string[],
  { config = 'tsconfig.check.json', compiler = 'node_modules/typescript/bin/tsc' } = {},
): Promise<string> {
  for (const ending of ['mts', 'cts', 'ts']) project.writeImports(`entry-points.${ending}`, names);
  try {
    const { output } = await project.run(process.execPath, [compiler, '-p', config]);
    return output;
  } catch (error) {
    return String(error);
  }
}
