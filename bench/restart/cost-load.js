// Clients that cost little themselves: on { port, requests } it sends that many over 50 new keep-alive
// connections, each in a closed loop, and says when all are answered.
import { connect } from 'node:net';

const CONNECTIONS = 50;
const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n';

process.on('message', async ({ port, requests }) => {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => converse(port, requests / CONNECTIONS)));
  process.send('done');
});
process.on('disconnect', () => process.exit());

function converse(port, requests) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let left = requests;
    let received = '';
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('error', reject);
    socket.on('close', () => (left === 0 ? resolve() : reject(new Error(`closed with ${left} to go`))));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.length < lengthOf(received)) return;
      if (!received.startsWith('HTTP/1.1 200')) throw new Error(received);
      received = '';
      left -= 1;
      if (left > 0) socket.write(REQUEST);
      else socket.end();
    });
  });
}

/** The length of a response, as far as its head says. */
function lengthOf(received) {
  const head = received.indexOf('\r\n\r\n');
  if (head === -1) return Infinity;
  return head + 4 + Number(/content-length: (\d+)/i.exec(received)[1]);
}
