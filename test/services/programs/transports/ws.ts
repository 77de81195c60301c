import { once } from 'node:events';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocket } from 'ws';
import { socketSender } from '../socket-calls.js';
import type { SocketTransport } from '../transport.js';

export const transport: SocketTransport = {
  adapter: (app) => new WsAdapter(app),
  sender: (_, { port }) =>
    socketSender(async ({ onAnswer, onClosed }) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(socket, 'open');
      socket.on('error', () => undefined);
      socket.on('message', (data) => onAnswer(JSON.parse(String(data)).data.n));
      socket.once('close', onClosed);
      return {
        isOpen: () => socket.readyState === WebSocket.OPEN,
        send: (n) => socket.send(JSON.stringify({ event: 'work', data: { n } })),
        close: () => socket.close(),
      };
    }),
};
