import { ReplaySubject, type Observable } from 'rxjs';
import { isMethod, isObject, memberOf, type Method } from '../nest/members.js';
import { CURRENT, type Message, type Messages } from './messages.js';

/** The status that lets a client retry elsewhere. A number, because no gRPC package is loaded here. */
const UNAVAILABLE = { code: 14, details: 'The server is draining.' };

/** Streams that only watch. They end only when the server ends them. */
const WATCHING =
  /^\/grpc\.health\.v1\.Health\/Watch$|^\/grpc\.reflection\.v1(alpha)?\.ServerReflection\/ServerReflectionInfo$/;

/** The kinds of methods that grpc-js passes to `register()`. */
type CallKind = 'unary' | 'clientStream' | 'serverStream' | 'bidi';

/** The calls of a server, and the streams among them that the drain ends. */
export interface GrpcCalls {
  /** Emits when the drain begins, also to later subscribers. */
  readonly stream$: Observable<void>;
  /** Ends the streams. */
  readonly begin: () => void;
  /** Wraps `register()` so that its handlers are counted. */
  readonly counted: (register: Method) => Method;
}

export function isWatching(path: string): boolean {
  return WATCHING.test(path);
}

/**
 * Counts each call from the start of its handler to its end: its answer, the end of its stream, or its
 * cancellation.
 *
 * @param isEnded whether the drain ends the streams of a method
 */
export function followGrpcCalls(messages: Messages, isEnded: (path: string) => boolean): GrpcCalls {
  // Replays the start of the drain to a stream whose handler has not returned yet.
  const stream$ = new ReplaySubject<void>(1);
  const serve = (
    handler: Method,
    { path, kind }: { readonly path: string; readonly kind: CallKind },
  ): Method =>
    function (this: unknown, call, callback, ...rest) {
      if (!isObject(call)) return Reflect.apply(handler, this, [call, callback, ...rest]);
      const message = messages.take(path);
      const ended = onceEnded(call, message.begin());
      let answer: unknown = callback;
      if (isMethod(callback)) {
        answer = (...answers: readonly unknown[]): unknown => (ended() ? callback(...answers) : undefined);
      }
      const ending =
        kind !== 'unary' && isEnded(path)
          ? stream$.subscribe(() => endStream(call, { path, answer }))
          : undefined;
      onEnd(call, () => ending?.unsubscribe());
      try {
        return runFor(message, { kind, run: () => Reflect.apply(handler, this, [call, answer, ...rest]) });
      } catch (error) {
        ended();
        throw error;
      }
    };
  return {
    stream$,
    begin: () => stream$.next(),
    counted:
      (register) =>
      (path, handler, serialize, deserialize, kind, ...rest) => {
        const isKnown = typeof path === 'string' && isMethod(handler) && isKind(kind);
        const counted = isKnown ? serve(handler, { path, kind }) : handler;
        return register(path, counted, serialize, deserialize, kind, ...rest);
      },
  };
}

/**
 * A method that reads a stream may wait forever for a client that has gone, because Nest 11 does not notify it. So
 * only its call counts, not its method.
 */
function runFor(
  message: Message,
  { kind, run }: { readonly kind: CallKind; readonly run: () => unknown },
): unknown {
  return kind === 'unary' || kind === 'serverStream' ? CURRENT.run(message, run) : CURRENT.exit(run);
}

/**
 * Calls back at the end of the call. The returned function ends it too, and returns whether it was the first to do
 * so.
 */
function onceEnded(call: object, end: () => void): () => boolean {
  let status: 'open' | 'ended' = 'open';
  const ended = (): boolean => {
    if (status === 'ended') return false;
    status = 'ended';
    end();
    return true;
  };
  onEnd(call, ended);
  return ended;
}

/** `finish` is the end of what we write, even without an error. A unary call does not emit it. */
function onEnd(call: object, listener: () => unknown): void {
  const on = memberOf(call, 'on');
  if (!isMethod(on)) return;
  for (const event of ['finish', 'cancelled']) Reflect.apply(on, call, [event, listener]);
}

/**
 * Ends a stream that would not end by itself. One that responds ends with status OK. One that only watches, or
 * waits for its client, ends with UNAVAILABLE, so that the client retries elsewhere.
 */
function endStream(
  call: object,
  { path, answer }: { readonly path: string; readonly answer: unknown },
): void {
  const [emit, end, push] = ['emit', 'end', 'push'].map((member) => memberOf(call, member));
  if (isMethod(answer)) answer(UNAVAILABLE);
  else if (isWatching(path) && isMethod(emit)) Reflect.apply(emit, call, ['error', UNAVAILABLE]);
  else if (isMethod(end)) Reflect.apply(end, call, []);
  // Ends the client's side. grpc-js then emits `cancelled`, which tells the handler that the stream is over.
  if (isMethod(push)) Reflect.apply(push, call, [null]);
}

function isKind(kind: unknown): kind is CallKind {
  return kind === 'unary' || kind === 'clientStream' || kind === 'serverStream' || kind === 'bidi';
}
