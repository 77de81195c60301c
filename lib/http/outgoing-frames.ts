const CLOSE = 0x8;

/** Follows the WebSocket frames that a server writes, because ours may only go between two of them. */
export class OutgoingFrames {
  /** The header bytes of a frame whose payload has not started. */
  #header: number[] = [];
  /** Payload bytes that are still to come. */
  #rest = 0;
  #closed = false;

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#rest > 0) {
        const taken = Math.min(this.#rest, bytes.length - at);
        this.#rest -= taken;
        at += taken;
        continue;
      }
      this.#header.push(bytes[at] ?? 0);
      at += 1;
      const length = payloadLength(this.#header);
      if (length === undefined) continue;
      if (((this.#header[0] ?? 0) & 0xf) === CLOSE) this.#closed = true;
      this.#header = [];
      this.#rest = length;
    }
  }

  /** Whether a frame may be written now. Nothing may follow a close frame. */
  get mayWrite(): boolean {
    return !this.#closed && this.#header.length === 0 && this.#rest === 0;
  }
}

/** The length of the payload, or `undefined` until the header is complete. */
function payloadLength([, second, ...rest]: readonly number[]): number | undefined {
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extension = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (rest.length < extension + mask) return undefined;
  if (extension === 0) return short;
  return rest.slice(0, extension).reduce((length, byte) => length * 256 + byte, 0);
}

/** A close frame. Frames from a server are not masked. */
export function closeFrame(code: number, reason: string): Uint8Array {
  const text = Buffer.from(reason);
  return Buffer.from([0x80 | CLOSE, 2 + text.length, code >> 8, code & 0xff, ...text]);
}
