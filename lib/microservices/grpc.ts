import { isObservable, takeUntil, type Observable } from 'rxjs';
import { notDrained } from '../notice.js';
import { callMember, isMethod, isObject, memberOf, replaceMethod, type Method } from '../nest/members.js';
import { followGrpcCalls, isWatching } from './grpc-calls.js';
import { Messages } from './messages.js';
import type { TransportDrain, TransportPorts } from './transport-drain.js';

const NO_REGISTER =
  'its server has no register(), so its calls are waited for, but cannot be named or ended before the deadline';

/** The type that Nest gives to a handler that receives the grpc-js call itself. */
const PASS_THROUGH = 'pt_stream';

/**
 * Shuts the grpc-js server down: it sends GOAWAY, so clients connect elsewhere, and waits for its calls. Calls are
 * counted at `register()`, which also covers services of others, such as health checks.
 */
export function grpcDrain(server: object, { clock, answers, notify }: TransportPorts): TransportDrain {
  const messages = new Messages(clock);
  /** Methods whose stream ends through the Observable that Nest writes from, so that no value is lost. */
  const endedByNest = new Set<string>();
  let shutDown = Promise.resolve();
  const endsStreams = (path: string): boolean => answers.policy === 'end' || isWatching(path);

  replaceMethod(server, 'createServiceMethod', (original) => (handler, definition, type, ...rest) => {
    const path = pathOf(definition);
    const isNests = isResponseStream(definition) && type !== PASS_THROUGH && isMethod(handler);
    if (!isNests || path === undefined || !endsStreams(path))
      return original(handler, definition, type, ...rest);
    endedByNest.add(path);
    return original(until(draining.stream$, handler), definition, type, ...rest);
  });
  const draining = followGrpcCalls(messages, (path) => endsStreams(path) && !endedByNest.has(path));
  const follow = <T>(made: T): T => {
    if (!isObject(made)) return made;
    if (isMethod(memberOf(made, 'register'))) replaceMethod(made, 'register', draining.counted);
    else notify(notDrained('gRPC', NO_REGISTER));
    return made;
  };
  replaceMethod(server, 'createClient', (original) => (...args) => {
    const made = original(...args);
    return made instanceof Promise ? made.then(follow) : follow(made);
  });

  const grpcServer = (): object | undefined => {
    const found = memberOf(server, 'grpcClient');
    return isObject(found) ? found : undefined;
  };
  return {
    name: 'gRPC',
    seams: ['createClient', 'createServiceMethod'],
    work: {
      get items() {
        return messages.items;
      },
      settled: () => messages.settled(),
      idle: async () => {
        // A handler may outlive its call.
        await Promise.all([shutDown, messages.idle()]);
      },
    },
    stop: () => {
      const serving = grpcServer();
      const tryShutdown = serving && memberOf(serving, 'tryShutdown');
      if (!isMethod(tryShutdown))
        throw new Error('Nest has no grpc-js server with tryShutdown(), so its calls are cut.');
      shutDown = new Promise((resolve, reject) => {
        const done = (error?: unknown): void => {
          if (error instanceof Error) reject(error);
          else resolve();
        };
        Reflect.apply(tryShutdown, serving, [done]);
      });
      draining.begin();
    },
    close: () => {
      const serving = grpcServer();
      if (serving !== undefined) callMember(serving, 'forceShutdown');
    },
  };
}

/** Completes the Observable of a handler when `end` emits. */
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

function isResponseStream(definition: unknown): boolean {
  return (isObject(definition) || isMethod(definition)) && Reflect.get(definition, 'responseStream') === true;
}

/** The path of a method in a service definition, such as `/orders.Orders/Place`. */
function pathOf(definition: unknown): string | undefined {
  const path: unknown =
    isObject(definition) || isMethod(definition) ? Reflect.get(definition, 'path') : undefined;
  return typeof path === 'string' ? path : undefined;
}
