import { ReplaySubject, type Observable } from 'rxjs';
import { isMethod, isObject, memberOf, type Method } from '../nest/members.js';
import { CURRENT, type Message, type Messages } from './messages.js';

/** What a client may try again elsewhere; by its number, as no package of gRPC is loaded to look it up. */
const UNAVAILABLE = { code: 14, details: 'The server is draining.' };

/** Streams that only watch, whoever serves them. They end by no other means than the end of the server. */
const WATCHING =
  /^\/grpc\.health\.v1\.Health\/Watch$|^\/grpc\.reflection\.v1(alpha)?\.ServerReflection\/ServerReflectionInfo$/;

/** How grpc-js calls the kinds of methods that it is handed by `register()`. */
type CallKind = 'unary' | 'clientStream' | 'serverStream' | 'bidi';

/** The calls of a server, and those of their streams that are ended. */
export interface GrpcCalls {
  /** Emits as the drain begins, also to a stream that was on its way. */
  readonly stream$: Observable<void>;
  /** Ends the streams. */
  readonly begin: () => void;
  /** A `register()` whose handlers are counted. */
  readonly counted: (register: Method) => Method;
}

export function isWatching(path: string): boolean {
  return WATCHING.test(path);
}

/**
 * Counts each call from its handler to its own end: its answer, the end of its stream, or the leaving of its client.
 */
export function followGrpcCalls(messages: Messages, isEnded: (path: string) => boolean): GrpcCalls {
  // Told again to a stream that was on its way as the drain began.
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
 * A method that reads a stream may wait for ever for one whose client has gone: with Nest 11 nobody tells it. Only its
 * call is waited for.
 */
function runFor(
  message: Message,
  { kind, run }: { readonly kind: CallKind; readonly run: () => unknown },
): unknown {
  return kind === 'unary' || kind === 'serverStream' ? CURRENT.run(message, run) : CURRENT.exit(run);
}

/** Calls back at the end of the call. The answer ends it as well, and says whether it was the first to do so. */
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

/** `finish` is the end of what we write, of which a unary call has none; it comes without an error, too. */
function onEnd(call: object, listener: () => unknown): void {
  const on = memberOf(call, 'on');
  if (!isMethod(on)) return;
  for (const event of ['finish', 'cancelled']) Reflect.apply(on, call, [event, listener]);
}

/**
 * Ends a stream that would not end by itself, in its own words: one that answers with the status OK, one that only
 * watches or waits for more from its client with UNAVAILABLE, so that the client goes elsewhere.
 */
function endStream(
  call: object,
  { path, answer }: { readonly path: string; readonly answer: unknown },
): void {
  const [emit, end, push] = ['emit', 'end', 'push'].map((member) => memberOf(call, member));
  if (isMethod(answer)) answer(UNAVAILABLE);
  else if (isWatching(path) && isMethod(emit)) Reflect.apply(emit, call, ['error', UNAVAILABLE]);
  else if (isMethod(end)) Reflect.apply(end, call, []);
  // Nothing comes from the client any more. grpc-js says by `cancelled` that nobody listens.
  if (isMethod(push)) Reflect.apply(push, call, [null]);
}

function isKind(kind: unknown): kind is CallKind {
  return kind === 'unary' || kind === 'clientStream' || kind === 'serverStream' || kind === 'bidi';
}
