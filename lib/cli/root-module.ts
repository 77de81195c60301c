import type { DynamicModule, Type } from '@nestjs/common';
import { nameAdvice } from '../plan/nearest-name.js';
import { loadExports, readText } from './source-file.js';
import { WrongUse } from './wrong-use.js';

/** What Nest can create an application from. */
export type RootModule = Type<unknown> | DynamicModule;

/** The metadata that `@Module()` writes on a class. */
const MODULE_METADATA = ['imports', 'controllers', 'providers', 'exports'];

/**
 * Finds the root module in a file: the named export, the only module, `AppModule`, or the default export.
 *
 * @throws WrongUse if none of these exists
 */
export async function loadRootModule(file: string, exported: string | undefined): Promise<RootModule> {
  if (/\bNestFactory\s*\.\s*create/.test(readText(file))) {
    throw new WrongUse(
      `${file}: expected the file of the root module, got one that starts an application (NestFactory.create). Pass the root module, such as dist/app.module.js.`,
    );
  }
  const exports = await loadExports(file);
  const modules = new Map([...exports].filter((each): each is [string, RootModule] => isModule(each[1])));
  if (exported !== undefined) return namedModule(exported, { file, exports });
  const distinct = new Set(modules.values());
  const [only] = distinct;
  if (only !== undefined && distinct.size === 1) return only;
  const chosen = modules.get('AppModule') ?? modules.get('default');
  if (chosen !== undefined) return chosen;
  const names = [...modules.keys()];
  throw new WrongUse(
    names.length === 0
      ? `${file}: expected an export with @Module(), found none. Pass the file of the root module, such as dist/app.module.js.`
      : `${file}: found several modules. Choose one with --export. Known: ${names.map((name) => `'${name}'`).join(', ')}.`,
  );
}

function namedModule(
  name: string,
  { file, exports }: { readonly file: string; readonly exports: ReadonlyMap<string, unknown> },
): RootModule {
  const found = exports.get(name);
  if (found === undefined) {
    throw new WrongUse(`${file}: no export '${name}'. ${nameAdvice(name, exports.keys())}`);
  }
  // An empty `@Module()` leaves no metadata on its class.
  if (isClass(found) || isDynamicModule(found)) return found;
  throw new WrongUse(`${file}: the export '${name}' is neither a class nor a dynamic module.`);
}

function isModule(value: unknown): value is RootModule {
  if (isDynamicModule(value)) return true;
  return isClass(value) && MODULE_METADATA.some((key) => Reflect.hasMetadata(key, value));
}

function isClass(value: unknown): value is Type<unknown> {
  return typeof value === 'function' && value.prototype !== undefined;
}

function isDynamicModule(value: unknown): value is DynamicModule {
  return typeof value === 'object' && value !== null && 'module' in value && isClass(value.module);
}
