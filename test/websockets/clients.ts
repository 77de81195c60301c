import { EventEmitter, once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';

export type Library = 'ws' | 'socket.io';

/** How a connection ended for its client. */
export interface Farewell {
  readonly code: number | undefined;
  readonly reason: string;
}

/** A client as it is in the field, with what it has received. */
export interface TestClient {
  readonly received: readonly string[];
  /** Resolves when the connection has ended, with what the client was told. */
  readonly closed: Promise<Farewell>;
  send(event: string, data?: unknown): void;
  /** Resolves when it has received something with the text in it. */
  receives(text: string): Promise<void>;
  /** Resolves when the server has read what was sent: it answers a ping in its turn. */
  flushed(): Promise<void>;
  /** Leaves by itself. */
  leave(): void;
  /** Stops reading, as a client does whose machine sleeps. */
  freeze(): void;
}

export interface Address {
  readonly port: number;
  /** Of the WebSockets, or of the requests of socket.io. */
  readonly path?: string;
  readonly namespace?: string;
  /** Whether socket.io begins by long polling, and stays there. */
  readonly polling?: boolean;
}

const leftovers: (() => unknown)[] = [];

// What a failed test leaves behind must not outlive it.
afterEach(() => {
  for (const cut of leftovers.splice(0)) cut();
});

/** Connects a client; rejects where it is refused. */
export function connectClient(library: Library, address: Address): Promise<TestClient> {
  return library === 'ws' ? connectWs(address) : connectSocketIo(address);
}

/** What a client has received, in its order. */
class Inbox extends EventEmitter {
  readonly messages: string[] = [];

  add(message: string): void {
    this.messages.push(message);
    this.emit('message');
  }

  async until(text: string): Promise<void> {
    while (!this.messages.some((message) => message.includes(text))) await once(this, 'message');
  }
}

async function flush(socket: WebSocket): Promise<void> {
  socket.ping();
  await once(socket, 'pong');
}

async function connectWs({ port, path = '/' }: Address): Promise<TestClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const inbox = new Inbox();
  socket.on('message', (data: Buffer) => inbox.add(data.toString()));
  const closed = new Promise<Farewell>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);
  leftovers.push(() => socket.terminate());
  return {
    received: inbox.messages,
    receives: (text) => inbox.until(text),
    flushed: () => flush(socket),
    closed,
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    leave: () => socket.close(),
    freeze: () => socket.pause(),
  };
}

async function connectSocketIo({
  port,
  path = '/socket.io',
  namespace = '/',
  polling = false,
}: Address): Promise<TestClient> {
  const socket: Socket = io(`http://127.0.0.1:${port}${namespace}`, {
    path,
    transports: [polling ? 'polling' : 'websocket'],
    reconnection: false,
    forceNew: true,
  });
  leftovers.push(() => {
    const { engine } = socket.io;
    socket.disconnect();
    engine.close();
  });
  const inbox = new Inbox();
  socket.onAny((event: string, data: unknown) => inbox.add(JSON.stringify({ event, data })));
  const closed = new Promise<Farewell>((resolve) => {
    socket.once('disconnect', (reason, details) => resolve({ code: codeOf(details), reason }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
  });
  return {
    received: inbox.messages,
    receives: (text) => inbox.until(text),
    flushed: () => flush(webSocketOf(socket)),
    closed,
    send: (event, data) => socket.emit(event, data),
    leave: () => socket.disconnect(),
    freeze: () => webSocketOf(socket).pause(),
  };
}

function webSocketOf(socket: Socket): WebSocket {
  const transport: unknown = Reflect.get(socket.io.engine, 'transport');
  const webSocket: unknown =
    typeof transport === 'object' && transport !== null ? Reflect.get(transport, 'ws') : undefined;
  if (isWebSocket(webSocket)) return webSocket;
  throw new Error('The client of socket.io keeps its WebSocket elsewhere.');
}

/** The package may be there twice. */
function isWebSocket(value: unknown): value is WebSocket {
  return value instanceof EventEmitter && 'ping' in value && 'pause' in value;
}

/** The code of the WebSocket underneath. */
function codeOf(details: unknown): number | undefined {
  const context: unknown =
    typeof details === 'object' && details !== null ? Reflect.get(details, 'context') : undefined;
  const code: unknown =
    typeof context === 'object' && context !== null ? Reflect.get(context, 'code') : undefined;
  return typeof code === 'number' ? code : undefined;
}
