import type { Socket } from 'node:net';
import { isMethod, isObject, memberOf, type Method } from '../nest/members.js';
import { callBack } from './event-stream.js';
import { closeFrame, OutgoingFrames } from './outgoing-frames.js';

/** The close code and reason that clients receive. */
const GOING_AWAY = 1001;
const REASON = 'going away';

/** The state of what the socket's owner has written. */
type State =
  /** The part of the handshake response that has been written. */
  | { readonly status: 'unanswered'; readonly head: string }
  | { readonly status: 'speaking'; readonly frames: OutgoingFrames }
  /** The handshake was refused, or the socket belongs to a library that closes it itself. */
  | { readonly status: 'silent' }
  | { readonly status: 'closing' };

/** What we may write to a WebSocket whose owner we do not know. */
export class WebSocketSpeech {
  #state: State = { status: 'unanswered', head: '' };

  constructor(private readonly socket: Socket) {
    const { write } = socket;
    const followed = (...args: readonly unknown[]): boolean => {
      // Nothing may follow a close frame.
      if (this.#state.status === 'closing') {
        callBack(args);
        return true;
      }
      this.#written(args);
      // Nothing is left to follow, and the library may write a lot.
      if (this.#state.status === 'silent' && socket.write === followed) socket.write = write;
      return Reflect.apply(write, socket, args);
    };
    socket.write = followed;
  }

  /** Sends a close frame if that is safe now. Returns whether it was. */
  tell(): boolean {
    const close = closeOfLibrary(this.socket);
    if (close !== undefined) {
      close(GOING_AWAY, REASON);
      return true;
    }
    if (this.#state.status !== 'speaking' || !this.#state.frames.mayWrite || !this.socket.writable)
      return false;
    // Its owner may have no listener, and the client may have gone.
    this.socket.on('error', () => undefined);
    this.socket.write(closeFrame(GOING_AWAY, REASON));
    this.#state = { status: 'closing' };
    return true;
  }

  #written([chunk, encoding]: readonly unknown[]): void {
    switch (this.#state.status) {
      case 'unanswered':
        this.#answered(this.#state.head + bytesOf(chunk, encoding).toString('latin1'));
        return;
      case 'speaking':
        if (closeOfLibrary(this.socket) === undefined) this.#state.frames.take(bytesOf(chunk, encoding));
        else this.#state = { status: 'silent' };
        return;
      case 'silent':
      case 'closing':
    }
  }

  #answered(head: string): void {
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#state = { status: 'unanswered', head };
    } else if (/^HTTP\/1\.1 101 .*\r\nsec-websocket-accept:/is.test(head.slice(0, end))) {
      const frames = new OutgoingFrames();
      frames.take(Buffer.from(head.slice(end + 4), 'latin1'));
      this.#state = { status: 'speaking', frames };
    } else {
      this.#state = { status: 'silent' };
    }
  }
}

/** `ws` stores its WebSocket on the socket, under a symbol with this description. */
function closeOfLibrary(socket: Socket): Method | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'websocket');
  const webSocket: unknown = key === undefined ? undefined : Reflect.get(socket, key);
  if (!isObject(webSocket)) return undefined;
  const close = memberOf(webSocket, 'close');
  return isMethod(close) && 'readyState' in webSocket
    ? (...args) => Reflect.apply(close, webSocket, args)
    : undefined;
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const isEncoding = typeof encoding === 'string' && Buffer.isEncoding(encoding);
  return Buffer.from(String(chunk), isEncoding ? encoding : 'utf8');
}
