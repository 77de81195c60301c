import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { ClientSpec } from './scenario.js';

/** What became of a client. */
export interface ClientResult {
  readonly id: number;
  readonly kind: ClientSpec['kind'];
  /** How many answers were complete. */
  readonly answers: number;
  /** Whether one began, looked complete by its protocol, and lacked its end. */
  readonly looksComplete: boolean;
  /** How its connection failed. */
  readonly error?: string;
}

/** How many requests a client sends at once that does not wait for answers. */
export const PIPELINED = 4;

/** Plays a client until it has been answered, or its connection has gone. Never rejects. */
export function playClient(
  spec: ClientSpec,
  ports: { readonly http?: number; readonly tcp?: number },
): Promise<ClientResult> {
  const port = spec.kind === 'message' ? ports.tcp : ports.http;
  if (port === undefined) return Promise.resolve(resultOf(spec, { answers: 0 }));
  if (spec.kind === 'message') return message(spec, port);
  return spec.kind === 'pipelined' || spec.kind === 'idle' || spec.kind === 'leaving'
    ? raw(spec, port)
    : request(spec, port);
}

function resultOf(
  { id, kind }: ClientSpec,
  {
    answers,
    looksComplete = false,
    error,
  }: { answers: number; looksComplete?: boolean; error?: string | undefined },
): ClientResult {
  return { id, kind, answers, looksComplete, ...(error === undefined ? {} : { error }) };
}

function pathOf({ id, kind, workMs }: ClientSpec): string {
  const route = kind === 'stream' || kind === 'asks-run' || kind === 'asks-close' ? kind : 'work';
  return `/${route}/${id}/${kind === 'idle' ? 0 : workMs}`;
}

function request(spec: ClientSpec, port: number): Promise<ClientResult> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve(resultOf(spec, { answers: 0, error: error.code ?? error.message }));
    const sent = get({ host: '127.0.0.1', port, path: pathOf(spec), agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.once('error', fail);
      response.once('end', () => {
        const isWhole = response.statusCode === 200 && body.endsWith(`done ${spec.id}`);
        const looksComplete = response.statusCode === 200 && response.complete && !isWhole;
        resolve(resultOf(spec, { answers: isWhole ? 1 : 0, looksComplete }));
      });
    });
    sent.once('error', fail);
  });
}

/** Writes its requests by hand: several at once, one and nothing more, or one and goes. */
function raw(spec: ClientSpec, port: number): Promise<ClientResult> {
  const head = `GET ${pathOf(spec)} HTTP/1.1\r\nHost: random\r\n\r\n`;
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(head.repeat(spec.kind === 'pipelined' ? PIPELINED : 1));
    if (spec.kind === 'leaving') setTimeout(() => socket.destroy(), 20);
  });
  return settled(spec, socket, (text) => text.split(`done ${spec.id}`).length - 1);
}

/** A message in the framing of Nest's TCP transport. */
function message(spec: ClientSpec, port: number): Promise<ClientResult> {
  const packet = JSON.stringify({
    pattern: 'work',
    data: { client: spec.id, ms: spec.workMs },
    id: `${spec.id}`,
  });
  const socket = connect(port, '127.0.0.1', () => socket.write(`${packet.length}#${packet}`));
  socket.on('data', (data) => {
    if (String(data).includes(`done ${spec.id}`)) socket.end();
  });
  return settled(spec, socket, (text) => (text.includes(`done ${spec.id}`) ? 1 : 0));
}

/** Resolves when the connection has gone, with what it had been answered. */
function settled(
  spec: ClientSpec,
  socket: Socket,
  answersIn: (text: string) => number,
): Promise<ClientResult> {
  let text = '';
  let error: string | undefined;
  socket.on('data', (data) => (text += String(data)));
  socket.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code ?? thrown.message));
  return new Promise((resolve) => {
    socket.once('close', () => resolve(resultOf(spec, { answers: answersIn(text), error })));
  });
}
