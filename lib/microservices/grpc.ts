import { isObservable, ReplaySubject, takeUntil, type Observable } from 'rxjs';
import { ItemsInFlight } from '../in-flight/items-in-flight.js';
import {
  callMember,
  isMethod,
  isObject,
  memberOf,
  replaceMethod,
  type Method,
} from '../discovery/members.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

/**
 * Lets the server of grpc-js shut down: it tells its clients to go elsewhere by GOAWAY and waits for the calls.
 * The calls are counted only to name them; Nest's hooks, which see different objects at both ends, are not used.
 */
export function grpcDrain(server: object, { clock, endStreams }: TransportPorts): TransportDrain {
  const calls = new ItemsInFlight(clock);
  // Told again to a stream that was on its way as the drain began.
  const draining = new ReplaySubject<void>(1);
  let shutDown = Promise.resolve();

  replaceMethod(server, 'createServiceMethod', (original) => (handler, definition, ...rest) => {
    const isStream = isObject(definition) || isMethod(definition) ? isResponseStream(definition) : false;
    const answering = isStream && endStreams && isMethod(handler) ? until(draining, handler) : handler;
    const serve = original(answering, definition, ...rest);
    return isMethod(serve) ? counted(serve, { calls, name: pathOf(definition), isStream }) : serve;
  });

  const grpcServer = (): object | undefined => {
    const found = memberOf(server, 'grpcClient');
    return isObject(found) ? found : undefined;
  };
  return {
    name: 'gRPC',
    seams: ['createServiceMethod'],
    work: {
      get items() {
        return calls.items;
      },
      idle: () => shutDown,
    },
    stop: () => {
      const serving = grpcServer();
      const tryShutdown = serving && memberOf(serving, 'tryShutdown');
      if (!isMethod(tryShutdown))
        throw new Error('The server of grpc-js was not found, so its calls are cut.');
      shutDown = new Promise((resolve, reject) => {
        const done = (error?: unknown): void => {
          if (error instanceof Error) reject(error);
          else resolve();
        };
        Reflect.apply(tryShutdown, serving, [done]);
      });
      draining.next();
    },
    close: () => {
      const serving = grpcServer();
      if (serving !== undefined) callMember(serving, 'forceShutdown');
    },
  };
}

/** Counts the calls of a method: until it answers, until its stream has ended, or until the client leaves. */
function counted(
  serve: Method,
  {
    calls,
    name,
    isStream,
  }: { readonly calls: ItemsInFlight; readonly name: string; readonly isStream: boolean },
): Method {
  return (call, callback, ...rest) => {
    const end = calls.begin(name);
    const on = isObject(call) ? memberOf(call, 'on') : undefined;
    if (isMethod(on)) Reflect.apply(on, call, ['cancelled', end]);
    const answer: unknown = isMethod(callback)
      ? (...answers: readonly unknown[]) => {
          end();
          return callback(...answers);
        }
      : callback;
    const served = serve(call, answer, ...rest);
    // A stream has no callback; its promise settles when all is written.
    const settled = Promise.resolve(served);
    settled.then(isStream ? end : () => undefined, end);
    return served;
  };
}

/** The handler, whose stream ends when it is asked to. */
function until(end: Observable<void>, handler: Method): Method {
  const ending = (...args: readonly unknown[]): unknown => {
    const result = handler(...args);
    const cut = (value: unknown): unknown => (isObservable(value) ? value.pipe(takeUntil(end)) : value);
    return result instanceof Promise ? result.then(cut) : cut(result);
  };
  // Nest names the operation after its handler.
  Object.defineProperty(ending, 'name', { value: handler.name });
  return ending;
}

function isResponseStream(definition: object): boolean {
  return Reflect.get(definition, 'responseStream') === true;
}

/** `/orders.Orders/Place` of a method of a service definition. */
function pathOf(definition: unknown): string {
  const path: unknown =
    isObject(definition) || isMethod(definition) ? Reflect.get(definition, 'path') : undefined;
  return typeof path === 'string' ? path : 'a call';
}
