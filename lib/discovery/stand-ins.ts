import 'reflect-metadata';
import { InjectionGraph } from '../plan/injection-graph.js';
import { aliased, readInjections } from './injections.js';
import { classesOf, isObject } from '../nest/members.js';
import { isClass, ownerOf, type Wrapper } from './provider-scan.js';

/** The metadata that Nest's decorators write on a class that can inject. */
const INJECTABLE = '__injectable__';
const TYPES = 'design:paramtypes';
const TOKENS = 'self:paramtypes';
const PROPERTIES = 'self:properties_metadata';

/**
 * The injection graph of a whole application. Instances that Nest created without holding them (transient,
 * request-scoped, from `ModuleRef.create()`) are located by their class.
 *
 * @param foreign classes that are not providers, of instances that `ModuleRef.create()` made
 */
export function injectionsOfAll(all: readonly Wrapper[], foreign: Iterable<object>): InjectionGraph {
  const injections = new Map(readInjections(all));
  const byClass = new Map<unknown, object>();
  for (const wrapper of all) if (!wrapper.isAlias) byClass.set(wrapper.metatype, ownerOf(wrapper));
  for (const type of foreign) {
    if (byClass.has(type)) continue;
    byClass.set(type, type);
    injections.set(type, injectedByClass(type, all));
  }
  return new InjectionGraph(injections, (owner) =>
    typeof owner === 'function' ? undefined : byClass.get(classesOf(owner)[0]),
  );
}

/** The class of an instance, if Nest may have injected into it. */
export function injectableClassOf(instance: object): object | undefined {
  const type = typeof instance === 'function' ? undefined : classesOf(instance)[0];
  if (!isClass(type)) return undefined;
  return [INJECTABLE, TYPES, TOKENS].some((key) => Reflect.hasMetadata(key, type)) ? type : undefined;
}

function injectedByClass(type: object, all: readonly Wrapper[]): readonly object[] {
  const tokens = new Set(tokensOf(type));
  return all.filter(({ token }) => tokens.has(token)).map((wrapper) => ownerOf(aliased(wrapper)));
}

function tokensOf(type: object): readonly unknown[] {
  const tokens = [...listOf(type, TYPES)];
  for (const each of listOf(type, TOKENS)) {
    if (isObject(each) && 'index' in each && 'param' in each) tokens[Number(each.index)] = each.param;
  }
  for (const each of listOf(type, PROPERTIES)) if (isObject(each) && 'type' in each) tokens.push(each.type);
  return tokens.map((token): unknown =>
    isObject(token) && 'forwardRef' in token && typeof token.forwardRef === 'function'
      ? token.forwardRef()
      : token,
  );
}

function listOf(type: object, key: string): readonly unknown[] {
  const list: unknown = Reflect.getMetadata(key, type);
  return Array.isArray(list) ? list : [];
}
