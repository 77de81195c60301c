import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MODULES = { 11: join(ROOT, 'test/nest-11/node_modules'), 12: join(ROOT, 'node_modules') };

/** Makes a project with that major of Nest, and this package in it as npm unpacks it. */
export function packedHome(major) {
  const home = join(ROOT, `build/bench-package/nest-${major}`);
  const modules = join(home, 'node_modules');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  // Without a manifest of its own, it would be part of this package, whose name leads to the repository.
  writeFileSync(join(home, 'package.json'), '{"private":true}\n');
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', home];
  const [{ filename }] = JSON.parse(execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }));
  execFileSync('tar', ['-xzf', join(home, filename), '-C', modules]);
  cpSync(join(modules, 'package'), join(modules, 'nestjs-phased-shutdown'), { recursive: true });
  rmSync(join(modules, 'package'), { recursive: true });
  symlinkSync(join(MODULES[major], '@nestjs'), join(modules, '@nestjs'));
  for (const file of ['measure.mjs', 'measure.cjs']) {
    cpSync(join(ROOT, 'bench/package', file), join(home, file));
  }
  return home;
}

/** What a package takes on disk, without its own node_modules, and how many packages it depends on. */
export function installedSize(home, name) {
  const folder = realpathSync(join(home, 'node_modules', name));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => join(parentPath, file))
    .filter((file) => !file.slice(folder.length).includes('/node_modules/'));
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  return { bytes, files: files.length, dependencies: Object.keys(dependencies).length };
}
