import { IoAdapter } from '@nestjs/platform-socket.io';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { socketSender } from '../socket-calls.js';
import type { SocketTransport } from '../transport.js';

export const transport: SocketTransport = {
  adapter: (app) => new IoAdapter(app),
  sender: (_, { port }) =>
    socketSender(async ({ onAnswer, onClosed }) => {
      // The sender opens its connections itself, so that it knows which call went over which.
      const socket = io(`http://127.0.0.1:${port}`, {
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
      });
      await connected(socket);
      socket.on('done', ({ n }: { n: number }) => onAnswer(n));
      socket.once('disconnect', (_reason, details) => onClosed(codeOf(details)));
      return {
        isOpen: () => isOpen(socket),
        send: (n) => socket.emit('work', { n }),
        close: () => socket.disconnect(),
      };
    }),
};

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
  });
}

/** Whether the WebSocket underneath is open: the socket itself is connected until that has closed. */
function isOpen(socket: Socket): boolean {
  const webSocket: unknown = Reflect.get(socket.io.engine.transport, 'ws');
  const state: unknown =
    typeof webSocket === 'object' && webSocket !== null ? Reflect.get(webSocket, 'readyState') : undefined;
  return socket.connected && state === WebSocket.OPEN;
}

/** The code that the WebSocket underneath was closed with. */
function codeOf(details: unknown): number | undefined {
  const context: unknown =
    typeof details === 'object' && details !== null ? Reflect.get(details, 'context') : undefined;
  const code: unknown =
    typeof context === 'object' && context !== null ? Reflect.get(context, 'code') : undefined;
  return typeof code === 'number' ? code : undefined;
}
