import { extname } from 'node:path';
import type { ModulesContainer } from '@nestjs/core';
import { allWrappers, tokenOf } from '../discovery/provider-scan.js';
import { OPTIONS } from '../tokens.js';
import { isRecord } from '../plan/check-setting.js';
import { loadExports, readText } from './source-file.js';
import { WrongUse, firstLine } from './wrong-use.js';

/** Where the options of the plan come from. */
export type OptionsSource = 'module' | 'factory' | 'given' | 'defaults';

/** The options as written, not validated yet. */
export interface WrittenOptions {
  readonly source: OptionsSource;
  readonly value: unknown;
  /** What the uncalled factory injects. Empty if there is no factory, or it injects nothing. */
  readonly injects: readonly string[];
}

/**
 * The module's options, as the application has them. A factory without injections is called. One with injections
 * cannot be, since a preview creates no provider; the default options are used instead.
 *
 * @throws WrongUse if the application does not import GracefulShutdownModule, or the factory throws
 */
export async function optionsOf(modules: ModulesContainer): Promise<WrittenOptions> {
  const wrapper = allWrappers(modules).find(({ token }) => token === OPTIONS);
  if (wrapper === undefined) {
    throw new WrongUse(
      'the application has no GracefulShutdownModule. Import GracefulShutdownModule.forRoot() in its root module.',
    );
  }
  if (!wrapper.isFactory) return { source: 'module', value: wrapper.instance, injects: [] };
  const injects = (wrapper.getCtorMetadata() ?? []).filter((each) => each !== undefined).map(tokenOf);
  if (injects.length > 0) return { source: 'defaults', value: {}, injects };
  const make: unknown = wrapper.metatype;
  try {
    const value: unknown = typeof make === 'function' ? await Reflect.apply(make, undefined, []) : undefined;
    return { source: 'factory', value, injects: [] };
  } catch (error) {
    throw new WrongUse(`the factory of forRootAsync() threw: ${firstLine(error)}`);
  }
}

/**
 * Options given to the command: JSON, a JSON file, or a code file that exports them as default or as `options`.
 *
 * @throws WrongUse if they cannot be read
 */
export async function readGivenOptions(given: string): Promise<WrittenOptions> {
  const value = await readValue(given);
  if (!isRecord(value)) throw new WrongUse('--options: expected an object.');
  return { source: 'given', value, injects: [] };
}

async function readValue(given: string): Promise<unknown> {
  if (given.trimStart().startsWith('{')) return parsed(given, '--options');
  if (extname(given) === '.json') return parsed(readText(given), given);
  const exports = await loadExports(given);
  return exports.get('options') ?? exports.get('default');
}

function parsed(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new WrongUse(`${where}: invalid JSON: ${firstLine(error)}`);
  }
}
