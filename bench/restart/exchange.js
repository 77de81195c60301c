import { get } from 'node:http';

/** Milliseconds after which a client gives up. */
const PATIENCE = 5_000;

/**
 * Sends one request and tells what became of it: its status, or the code of its error, and whether its
 * connection had been used before.
 */
export function exchange(url, agent) {
  return new Promise((resolve) => {
    const sentAt = Date.now();
    const request = get(url, { agent, timeout: PATIENCE });
    const end = (result) =>
      resolve({
        sentAt,
        at: Date.now(),
        reused: request.reusedSocket,
        localPort: request.socket?.localPort,
        ...result,
      });
    const fail = ({ code, message }) => end({ code: code ?? message, message });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    );
    request.on('error', fail);
    request.on('response', (response) => {
      response.on('error', fail);
      response.on('end', () => end({ status: response.statusCode }));
      response.resume();
    });
  });
}
