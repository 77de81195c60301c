/**
 * Where Nest hands route handlers and middlewares to a framework, and where it calls the method of a controller. An
 * adapter is public, also what Nest calls of it; the way from an application to its interceptors is not. All of it
 * is called late-bound on both majors.
 */
import 'reflect-metadata';
import { isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';

/** The methods of an adapter that take a path and a route handler. */
const ROUTES =
  'get post put delete patch all options head query search propfind proppatch mkcol copy move lock unlock'.split(
    ' ',
  );

/** The members that lead from an application to what calls its interceptors. */
const TO_INTERCEPTORS = [
  'routesResolver',
  'routerExplorer',
  'executionContextCreator',
  'interceptorsConsumer',
];

/** So many arguments has what calls the interceptors. */
const INTERCEPTED_BY = 6;

/** Sees what is handed to a framework, and puts something of the same shape in its place. */
export interface FrameworkFollower {
  readonly route: (handler: Method) => Method;
  readonly middleware: (middleware: Method) => Method;
}

/** Follows what an adapter is given from now on. */
export function followAdapter(adapter: object, follower: FrameworkFollower): void {
  for (const member of ROUTES) {
    replaceMethod(adapter, member, (original) => (...args) => {
      const handler = args.at(-1);
      // `get('etag')` asks Express for a setting.
      if (args.length < 2 || !isMethod(handler)) return original(...args);
      return original(...args.slice(0, -1), inPlaceOf(handler, follower.route(handler)));
    });
  }
  const middleware = (each: unknown): unknown =>
    isMiddleware(each) ? inPlaceOf(each, follower.middleware(each)) : each;
  replaceMethod(
    adapter,
    'use',
    (original) =>
      (...args) =>
        original(...args.map(middleware)),
  );
  replaceMethod(adapter, 'createMiddlewareFactory', (original) => (...args) => {
    const factory = original(...args);
    const follow = (made: unknown): unknown =>
      isMethod(made) ? (path: unknown, callback: unknown) => made(path, middleware(callback)) : made;
    return factory instanceof Promise ? factory.then(follow) : follow(factory);
  });
}

/**
 * Sees a call of a controller's method, before its interceptors, and puts something in the place of what makes it.
 * Every request comes by here: what it sees makes no object.
 */
export type MethodFollower = (
  request: unknown,
  instance: object,
  method: Method,
  isIntercepted: boolean,
  next: Method,
) => Method;

/** Follows the methods of the controllers; says whether this Nest has the members that lead there. */
export function followMethods(app: object, follow: MethodFollower): boolean {
  let consumer: unknown = app;
  for (const member of TO_INTERCEPTORS)
    consumer = isObject(consumer) ? memberOf(consumer, member) : undefined;
  if (!isObject(consumer)) return false;
  const original = memberOf(consumer, 'intercept');
  if (!isMethod(original) || original.length > INTERCEPTED_BY) return false;
  const intercept = (
    interceptors: unknown,
    args: unknown,
    instance: unknown,
    method: unknown,
    next: unknown,
    type: unknown,
  ): unknown => {
    let followed = next;
    if (Array.isArray(args) && isObject(instance) && isMethod(method) && isMethod(next)) {
      const isIntercepted = Array.isArray(interceptors) && interceptors.length > 0;
      followed = follow(args[0], instance, method, isIntercepted, next);
    }
    return original.call(consumer, interceptors, args, instance, method, followed, type);
  };
  Object.defineProperty(consumer, 'intercept', { configurable: true, writable: true, value: intercept });
  return true;
}

/** What decorators and adapters wrote on a function is looked for on what stands in its place. */
function inPlaceOf(original: Method, followed: Method): Method {
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), followed);
  }
  Object.defineProperty(followed, 'name', { configurable: true, value: original.name });
  return Object.assign(followed, original);
}

/** Not an error handler, which Express knows by its four parameters, and not an application within another. */
function isMiddleware(value: unknown): value is Method {
  return isMethod(value) && value.length <= 3 && !('handle' in value);
}
