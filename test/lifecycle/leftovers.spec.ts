import { listLeftovers, sumUp, type LoopHandle } from '../../lib/lifecycle/leftovers.js';

const NOTHING = { resources: [], workers: 0 };

/** A handle as Node's report lists one that keeps the process alive. */
function handle(type: string, details: Partial<LoopHandle> = {}): LoopHandle {
  return { type, is_active: true, is_referenced: true, ...details };
}

const LOCAL = { ip4: '127.0.0.1', port: 38_040 };
const REMOTE = { ip4: '127.0.0.1', port: 5_432 };

test.each<[string, LoopHandle]>([
  ['tcp listening on 127.0.0.1:38040', handle('tcp', { localEndpoint: LOCAL, remoteEndpoint: null })],
  ['tcp listening on :::38040', handle('tcp', { localEndpoint: { ip6: '::', port: 38_040 } })],
  ['tcp listening on db.local:1', handle('tcp', { localEndpoint: { host: 'db.local', port: 1 } })],
  ['tcp 127.0.0.1:38040 -> 127.0.0.1:5432', handle('tcp', { localEndpoint: LOCAL, remoteEndpoint: REMOTE })],
  ['process pid 31409', handle('process', { pid: 31_409 })],
  ['fs_event /etc/app.json', handle('fs_event', { filename: '/etc/app.json' })],
  ['pipe', handle('pipe', { fd: 17 })],
  ['udp', handle('udp')],
])('names %s', (name, each) => {
  expect(listLeftovers([each], NOTHING)).toEqual([name]);
});

test.each<[string, LoopHandle]>([
  ['is not referenced', handle('tcp', { is_referenced: false })],
  ['is not active', handle('tcp', { is_active: false })],
  ['is a standard stream', handle('pipe', { fd: 1 })],
  ['is the loop itself', handle('loop')],
  ['belongs to the runtime', handle('async')],
])('leaves out a handle that %s', (_, each) => {
  expect(listLeftovers([each], NOTHING)).toEqual([]);
});

test('counts timers and workers, which the report does not name', () => {
  const resources = ['TTYWrap', 'Timeout', 'Immediate', 'Timeout', 'TCPSocketWrap'];

  const leftovers = listLeftovers([handle('tcp', { localEndpoint: LOCAL })], { resources, workers: 1 });
  expect(sumUp(leftovers)).toEqual([
    'tcp listening on 127.0.0.1:38040',
    '2 × Timeout',
    '1 × Immediate',
    '1 × worker thread',
  ]);
});
