import { parseArgs } from 'node:util';
import { nameAdvice } from '../plan/nearest-name.js';
import { readDuration } from './durations.js';
import { COMMANDS, type CommandName } from './help.js';
import { WrongUse } from './wrong-use.js';

export type PlanFormat = 'text' | 'json' | 'mermaid';
export type ReportFormat = 'text' | 'html' | 'json';
export type CheckFormat = 'text' | 'json';

const PLAN_FORMATS: readonly PlanFormat[] = ['text', 'json', 'mermaid'];
const REPORT_FORMATS: readonly ReportFormat[] = ['text', 'html', 'json'];
const CHECK_FORMATS: readonly CheckFormat[] = ['text', 'json'];

/** The application to inspect. */
export interface Application {
  /** The path of the file with the root module, as given. */
  readonly file: string;
  /** The name of the export that is the root module. */
  readonly exported: string | undefined;
  /** Options that replace the module's own: a file path, or JSON. */
  readonly options: string | undefined;
  /** Whether it runs on Kubernetes, which changes the default of `shutdownDelay`. */
  readonly place: 'kubernetes' | 'as-here';
}

/** A parsed command line. */
export type Command =
  | { readonly kind: 'help'; readonly of: CommandName | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'plan'; readonly application: Application; readonly format: PlanFormat }
  | {
      readonly kind: 'check';
      readonly application: Application;
      readonly format: CheckFormat;
      /** The text as given, and its value in milliseconds. */
      readonly gracePeriod: { readonly written: string; readonly ms: number } | undefined;
      readonly manifests: readonly string[];
      readonly container: string | undefined;
    }
  | { readonly kind: 'report'; readonly file: string; readonly format: ReportFormat };

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const GENERAL = { help: { ...FLAG, short: 'h' }, version: { ...FLAG, short: 'v' } } as const;
const APPLICATION = { export: TEXT, options: TEXT, kubernetes: FLAG } as const;

type OptionTypes = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;

const OPTIONS: Readonly<Record<CommandName, OptionTypes>> = {
  plan: { format: TEXT, ...APPLICATION, ...GENERAL },
  check: {
    'grace-period': TEXT,
    manifest: TEXT,
    container: TEXT,
    format: TEXT,
    ...APPLICATION,
    ...GENERAL,
  },
  report: { format: TEXT, ...GENERAL },
};

/** The parsed arguments: the values of each option in order, and the positional arguments. */
interface Written {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly files: readonly string[];
}

/**
 * Parses the arguments of the command.
 *
 * @throws WrongUse if they are invalid
 */
export function readCommand(args: readonly string[]): Command {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return { kind: 'help', of: undefined };
  if (name === '--version' || name === '-v') return { kind: 'version' };
  if (name === 'help') return { kind: 'help', of: isCommand(rest[0]) ? rest[0] : undefined };
  if (!isCommand(name)) {
    const what = name.startsWith('-') ? 'expected a command first' : 'unknown command';
    throw new WrongUse(`${name}: ${what}. ${nameAdvice(name, COMMANDS)}`);
  }
  const written = readOptions(name, rest);
  if (written.values.has('help')) return { kind: 'help', of: name };
  if (written.values.has('version')) return { kind: 'version' };
  return commandOf(name, written);
}

function commandOf(name: CommandName, written: Written): Command {
  const file = onlyFile(name, written.files);
  switch (name) {
    case 'plan':
      return {
        kind: 'plan',
        application: applicationOf(file, written),
        format: formatOf(written, PLAN_FORMATS),
      };
    case 'report':
      return { kind: 'report', file, format: formatOf(written, REPORT_FORMATS) };
    case 'check': {
      const manifests = written.values.get('manifest') ?? [];
      const gracePeriod = gracePeriodOf(last(written, 'grace-period'));
      if (manifests.length === 0 && gracePeriod === undefined) {
        throw new WrongUse(
          'check: expected what the plan must fit: --grace-period 30s or --manifest <file>.',
        );
      }
      return {
        kind: 'check',
        application: applicationOf(file, written),
        format: formatOf(written, CHECK_FORMATS),
        gracePeriod,
        manifests,
        container: last(written, 'container'),
      };
    }
  }
}

/** The options that a command accepts. */
export function optionNames(command: CommandName): readonly string[] {
  return Object.keys(OPTIONS[command]).map((name) => `--${name}`);
}

/** Reports unknown options itself, to suggest the nearest name: `parseArgs` would only reject them. */
function readOptions(command: CommandName, args: readonly string[]): Written {
  const known = OPTIONS[command];
  const values = new Map<string, string[]>();
  const files: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(known, name)) {
      throw new WrongUse(
        `${command} ${rawName}: unknown option. ${nameAdvice(rawName, optionNames(command))}`,
      );
    }
    const isFlag = known[name]?.type === 'boolean';
    if (isFlag && value !== undefined) {
      throw new WrongUse(`${command} ${rawName}: expected no value, got '${value}'.`);
    }
    if (!isFlag && (value === undefined || (value.startsWith('-') && !token.inlineValue))) {
      throw new WrongUse(`${command} ${rawName}: expected a value after it.`);
    }
    values.set(name, [...(values.get(name) ?? []), value ?? '']);
  }
  return { values, files };
}

function onlyFile(name: CommandName, files: readonly string[]): string {
  const [file, second] = files;
  const what = name === 'report' ? 'a report file' : "the built file of the application's root module";
  if (file === undefined) throw new WrongUse(`${name}: expected ${what}.`);
  if (second !== undefined) throw new WrongUse(`${name}: expected one file (${what}), also got '${second}'.`);
  return file;
}

function applicationOf(file: string, written: Written): Application {
  return {
    file,
    exported: last(written, 'export'),
    options: last(written, 'options'),
    place: written.values.has('kubernetes') ? 'kubernetes' : 'as-here',
  };
}

function formatOf<F extends string>(written: Written, known: readonly F[]): F {
  const asked = last(written, 'format') ?? known[0];
  const format = known.find((each) => each === asked);
  if (format === undefined) {
    throw new WrongUse(`--format ${asked}: unknown format. ${nameAdvice(asked, known)}`);
  }
  return format;
}

function gracePeriodOf(
  written: string | undefined,
): { readonly written: string; readonly ms: number } | undefined {
  if (written === undefined) return undefined;
  const ms = readDuration(written);
  if (ms !== undefined && ms > 0) return { written, ms };
  const doubt = /^\d+(\.\d+)?$/.test(written)
    ? `missing unit. Write ${written}s or ${written}ms.`
    : 'expected 30s, 1m30s or 1500ms.';
  throw new WrongUse(`--grace-period ${written}: ${doubt}`);
}

function last({ values }: Written, name: string): string | undefined {
  return values.get(name)?.at(-1);
}

function isCommand(name: string | undefined): name is CommandName {
  return COMMANDS.some((each) => each === name);
}
