import {
  Inject,
  Injectable,
  Module,
  Scope,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { OnShutdown, type ShutdownContext } from 'nestjs-phased-shutdown';
import type { HookSpec, ProviderSpec, TaskSpec } from '../scenario.js';
import { perform } from './behave.js';
import { note, pause } from './note.js';
import type { Stage } from './stage.js';
import { thrownOf } from './thrown.js';

/** The providers of a scenario in their modules, as Nest is given them. */
export interface ProviderModules {
  readonly modules: readonly Type[];
  readonly lazy: readonly Type[];
  readonly tokens: ReadonlyMap<number, Token>;
}

type Token = Type | string;

export function providerModules(specs: readonly ProviderSpec[], stage: Stage): ProviderModules {
  const classes = new Map(specs.map((spec) => [spec.id, providerClass(spec, stage)]));
  const tokens = new Map<number, Token>();
  for (const { id, shape } of specs) {
    const type = classes.get(id);
    if (type === undefined) continue;
    tokens.set(id, shape === 'factory' || shape === 'value' ? `P${id}` : type);
  }
  for (const spec of specs) injectInto(classes.get(spec.id), spec, { specs, tokens });
  const present = specs.filter(({ shape }) => shape !== 'lazy');
  const numbers = [...new Set(present.map(({ module }) => module))].toSorted((a, b) => a - b);
  const modules: Type[] = [];
  for (const number of numbers) {
    const own = present.filter(({ module }) => module === number);
    const providers = own.flatMap((spec) => providersOf(spec, { classes, tokens, specs }));
    modules.push(moduleOf(`Module${number}`, { imports: [...modules], providers }));
  }
  const lazy = specs
    .filter(({ shape }) => shape === 'lazy')
    .map((spec) =>
      moduleOf(`Lazy${spec.id}`, {
        imports: [],
        providers: providersOf(spec, { classes, tokens, specs }),
      }),
    );
  return { modules, lazy, tokens };
}

function moduleOf(
  name: string,
  { imports, providers }: { readonly imports: Type[]; readonly providers: Provider[] },
): Type {
  const type = named(name, class {});
  const exported = providers.map((provider) =>
    typeof provider === 'function' ? provider : provider.provide,
  );
  Module({ imports, providers, exports: [...new Set([...exported, ...imports])] })(type);
  return type;
}

interface Known {
  readonly classes: ReadonlyMap<number, Type>;
  readonly tokens: ReadonlyMap<number, Token>;
  readonly specs: readonly ProviderSpec[];
}

function providersOf(spec: ProviderSpec, { classes, tokens, specs }: Known): Provider[] {
  const { id, shape, alias, injects } = spec;
  const type = classes.get(id);
  const token = tokens.get(id);
  if (type === undefined || token === undefined) return [];
  const aliases: Provider[] = alias ? [{ provide: aliasOf(id), useExisting: token }] : [];
  if (shape === 'value') return [{ provide: token, useValue: new type() }, ...aliases];
  if (shape !== 'factory') return [type, ...aliases];
  const inject = injects.map((each) => injectedAs(each, { specs, tokens }));
  return [{ provide: token, inject, useFactory: () => new type() }, ...aliases];
}

function aliasOf(id: number): string {
  return `P${id} alias`;
}

function injectedAs(id: number, { specs, tokens }: Omit<Known, 'classes'>): Token {
  const isAlias = specs.some((spec) => spec.id === id && spec.alias);
  return isAlias ? aliasOf(id) : (tokens.get(id) ?? aliasOf(id));
}

function injectInto(
  type: Type | undefined,
  { injects, shape }: ProviderSpec,
  known: Omit<Known, 'classes'>,
): void {
  if (type === undefined || shape === 'factory') return;
  injects.forEach((id, index) => Inject(injectedAs(id, known))(type, undefined, index));
}

function providerClass(spec: ProviderSpec, stage: Stage): Type {
  const base = named(`Base${spec.id}`, class {});
  const type =
    spec.shape === 'derived' ? named(`P${spec.id}`, class extends base {}) : named(`P${spec.id}`, base);
  spec.handlers.forEach((task, index) => addHandler(base, { task, method: `m${index}` }, stage));
  for (const hook of spec.hooks) addHook(type, `P${spec.id}`, hook);
  const scope = { transient: Scope.TRANSIENT, request: Scope.REQUEST } as const;
  const chosen = spec.shape === 'transient' || spec.shape === 'request' ? scope[spec.shape] : Scope.DEFAULT;
  Injectable({ scope: chosen })(type);
  return type;
}

function named(name: string, type: Type): Type {
  return Object.defineProperty(type, 'name', { value: name });
}

function addHandler(
  type: Type,
  { task, method }: { readonly task: TaskSpec; readonly method: string },
  stage: Stage,
): void {
  const value = (context: ShutdownContext): unknown => perform(task, context, stage);
  Object.defineProperty(type.prototype, method, { value, configurable: true, writable: true });
  const { behaviour: _, ...settings } = task;
  OnShutdown(settings)(type.prototype, method, { value });
}

function addHook(type: Type, provider: string, { hook, behaviour }: HookSpec): void {
  const name = `${provider}.${hook}`;
  const value = async (): Promise<void> => {
    note({ what: 'hook', hook: name, step: 'start' });
    if ('ms' in behaviour) await pause(behaviour.ms);
    if (behaviour.kind === 'hang') await new Promise(() => undefined);
    if (behaviour.kind === 'throw' || behaviour.kind === 'reject') {
      note({ what: 'hook', hook: name, step: 'fail' });
      throw thrownOf(behaviour.thrown);
    }
    note({ what: 'hook', hook: name, step: 'end' });
  };
  Object.defineProperty(type.prototype, hook, { value, configurable: true, writable: true });
}

/** A root module of these imports and providers. */
export function rootModule(parts: Omit<DynamicModule, 'module'>): DynamicModule {
  return { module: named('AppModule', class {}), ...parts };
}
