import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NEST = { 11: join(ROOT, 'test/nest-11/node_modules/@nestjs'), 12: join(ROOT, 'node_modules/@nestjs') };
const { KUBERNETES_SERVICE_HOST: _, NODE_OPTIONS: __, ...ENV } = process.env;

/**
 * A project of a user on a major of Nest: this package is in its node_modules as npm puts it there, and the programs
 * of the process tests are what its build has made.
 */
export class Project {
  readonly folder: string;

  constructor(major: 11 | 12) {
    mkdirSync(join(ROOT, 'build'), { recursive: true });
    this.folder = mkdtempSync(join(ROOT, `build/project-${major}-`));
    const installed = join(this.folder, 'node_modules/nestjs-phased-shutdown');
    cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
    symlinkSync(NEST[major], join(this.folder, 'node_modules/@nestjs'));
    cpSync(join(ROOT, 'build/process/applications'), join(this.folder, 'dist'), { recursive: true });
    this.write('package.json', JSON.stringify({ name: 'shop', type: 'module' }));
  }

  write(file: string, text: string): void {
    mkdirSync(join(this.folder, file, '..'), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Runs the command as `npx phased-shutdown` does. */
  command(...args: readonly string[]): Ended {
    return this.node('node_modules/nestjs-phased-shutdown/dist/esm/cli/main.js', ...args);
  }

  node(...args: readonly string[]): Ended {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: this.folder,
      env: ENV,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { code: status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
