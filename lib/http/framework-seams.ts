/**
 * Where Nest passes route handlers and middleware to the framework, and where it calls controller methods. The
 * adapter and its members are public API; the path from the app to its interceptors is not. Nest 11 and 12 look all
 * of these members up at each call, so they can be replaced on the instance.
 */
import 'reflect-metadata';
import { isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';

/** The methods of an adapter that register a route handler for a path. */
const ROUTES =
  'get post put delete patch all options head query search propfind proppatch mkcol copy move lock unlock'.split(
    ' ',
  );

/** The members that lead from the app to the object that calls its interceptors. */
const TO_INTERCEPTORS = [
  'routesResolver',
  'routerExplorer',
  'executionContextCreator',
  'interceptorsConsumer',
];

/** The number of parameters of `intercept`. */
const INTERCEPTED_BY = 6;

/** Returns a replacement of the same shape for each handler and middleware that the framework receives. */
export interface FrameworkFollower {
  readonly route: (handler: Method) => Method;
  readonly middleware: (middleware: Method) => Method;
}

/** Follows everything that the adapter registers from now on. */
export function followAdapter(adapter: object, follower: FrameworkFollower): void {
  for (const member of ROUTES) {
    replaceMethod(adapter, member, (original) => (...args) => {
      const handler = args.at(-1);
      // Express reads a setting with `get('etag')`.
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
 * Sees the call of a controller method before its interceptors run, and returns the function to call instead. Runs
 * on every request, so the arguments are not wrapped in an object.
 */
export type MethodFollower = (
  request: unknown,
  instance: object,
  method: Method,
  isIntercepted: boolean,
  next: Method,
) => Method;

/** Follows controller methods. Returns whether this version of Nest has the members that lead to them. */
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

/** Copies metadata and properties: decorators and adapters look for them on the replacement. */
function inPlaceOf(original: Method, followed: Method): Method {
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), followed);
  }
  Object.defineProperty(followed, 'name', { configurable: true, value: original.name });
  return Object.assign(followed, original);
}

/** Excludes error handlers, which Express recognises by four parameters, and nested apps. */
function isMiddleware(value: unknown): value is Method {
  return isMethod(value) && value.length <= 3 && !('handle' in value);
}
