import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmInstall, printedBy, type Printed } from './command.js';
import type { Tarball } from './tarball.js';
import { keptFolder, ROOT, STAMP } from './workshop.js';

const HERE = join(ROOT, 'test/package');

/** What stays in a project from one run to the next; all else is put there anew. */
const KEPT = ['node_modules', 'package.json', 'package-lock.json', STAMP];

export interface ProjectSources {
  /** Its folder below `projects/`. */
  readonly name: string;
  /** The project that it is laid over, where it differs from that one in a few files. */
  readonly over?: string;
}

/** A project of its own, with the packed library installed in it. */
export class Project {
  private constructor(readonly folder: string) {}

  /** Installs a project as a user would: its packages from the registry, the library from the tarball. */
  static async install({ name, over }: ProjectSources, tarball: Tarball): Promise<Project> {
    const layers = [...(over === undefined ? [] : [over]), name].map((each) => join(HERE, 'projects', each));
    const packages = readFileSync(join(HERE, 'projects', name, 'package.json'), 'utf8');
    const folder = await keptFolder(name, packages, async (created) => {
      writeFileSync(join(created, 'package.json'), packages);
      await npmInstall(created);
    });
    for (const stale of readdirSync(folder).filter((each) => !KEPT.includes(each))) {
      rmSync(join(folder, stale), { recursive: true, force: true });
    }
    for (const layer of [...layers, join(HERE, 'checks')]) cpSync(layer, folder, { recursive: true });
    await installTarball(folder, tarball);
    return new Project(folder);
  }

  /** Runs a command in it to its end, and answers with what it printed. @throws Error where it fails */
  run(command: string, args: readonly string[], node?: string): Promise<Printed> {
    return printedBy(command, args, { cwd: this.folder, ...(node === undefined ? {} : { node }) });
  }

  /** Writes a source that imports all of these and exports them again, so that the compiler reads their types. */
  writeImports(file: string, specifiers: readonly string[]): void {
    const lines = specifiers.map((each, index) => `export * as entry${index} from '${each}';\n`);
    writeFileSync(join(this.folder, file), lines.join(''));
  }
}

/** What npm notes of an installed package. */
interface InstalledPackages {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

async function installTarball(folder: string, { file, integrity }: Tarball): Promise<void> {
  if (installedIntegrity(folder) === integrity) return;
  await npmInstall(folder, ['--no-save', file]);
  // A package of the same name and version may come out of a cache.
  const installed = installedIntegrity(folder);
  if (installed !== integrity)
    throw new Error(`Installed is ${installed}, and not the tarball, ${integrity}.`);
}

function installedIntegrity(folder: string): string | undefined {
  const text = readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8');
  // The file is npm's own.
  const { packages } = JSON.parse(text) as InstalledPackages;
  return packages['node_modules/nestjs-phased-shutdown']?.integrity;
}
