import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isObject } from '../nest/members.js';
import { WrongUse, firstLine } from './wrong-use.js';

const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx'];

/**
 * Reads a file.
 *
 * @throws WrongUse if the file does not exist
 */
export function readText(file: string): string {
  checkFile(file);
  return readFileSync(file, 'utf8');
}

/**
 * Loads an ES module or a CommonJS file, and returns its exports by name.
 *
 * @throws WrongUse if it cannot be loaded
 */
export async function loadExports(file: string): Promise<ReadonlyMap<string, unknown>> {
  checkFile(file);
  try {
    const loaded: unknown = await import(pathToFileURL(resolve(file)).href);
    return exportsOf(loaded);
  } catch (error) {
    if (TYPESCRIPT.includes(extname(file)) && isUnreadable(error)) throw new WrongUse(typescriptAdvice(file));
    throw new WrongUse(`${file}: cannot be loaded: ${firstLine(error)}`);
  }
}

function checkFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new WrongUse(`${file}: file not found.`);
  if (!stats.isFile()) throw new WrongUse(`${file}: expected a file.`);
}

/** Some names of a CommonJS module exist only on its default export. */
function exportsOf(loaded: unknown): ReadonlyMap<string, unknown> {
  const whole: unknown = isObject(loaded) ? Reflect.get(loaded, 'default') : undefined;
  const inner = isObject(whole) && !('module' in whole) ? Object.entries(whole) : [];
  return new Map<string, unknown>([...inner, ...(isObject(loaded) ? Object.entries(loaded) : [])]);
}

/** Whether Node cannot parse the code, because it does not support TypeScript, or not with decorators. */
function isUnreadable(error: unknown): boolean {
  const code: unknown = isObject(error) ? Reflect.get(error, 'code') : undefined;
  return (
    error instanceof SyntaxError ||
    code === 'ERR_UNKNOWN_FILE_EXTENSION' ||
    code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' ||
    code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
  );
}

function typescriptAdvice(file: string): string {
  const built = file.replace(/(^|\/)src\//, '$1dist/').replace(/\.([mc]?)tsx?$/, '.$1js');
  const advice = existsSync(built)
    ? `Pass the built file: ${built}.`
    : 'Build the application and pass the built file, such as dist/app.module.js.';
  return `${file}: node cannot load TypeScript with decorators. ${advice} Or preload a compiler that emits decorator metadata: NODE_OPTIONS='--import @swc-node/register/esm-register'.`;
}
