import { addedTo, listLeftovers, sumUp, type LoopHandle } from '../../lib/process/leftovers.js';

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
  ['stdin', handle('pipe', { fd: 0 })],
  ['stdout', handle('tty', { fd: 1 })],
  ['udp', handle('udp')],
])('names %s', (name, each) => {
  expect(listLeftovers([each], NOTHING)).toEqual([name]);
});

test.each<[string, LoopHandle]>([
  ['is not referenced', handle('tcp', { is_referenced: false })],
  ['is not active', handle('tcp', { is_active: false })],
  ['is a standard stream that nobody reads', handle('pipe', { fd: 0, is_active: false })],
  ['stands for immediates, which are counted', handle('idle')],
  ['is the loop itself', handle('loop')],
  ['belongs to the runtime', handle('async')],
])('leaves out a handle that %s', (_, each) => {
  expect(listLeftovers([each], NOTHING)).toEqual([]);
});

test('names the channel to a parent process', () => {
  const pipes = [handle('pipe', { fd: 3 }), handle('pipe', { fd: 21 })];
  expect(listLeftovers(pipes, { ...NOTHING, channel: 3 })).toEqual([
    'the channel to the parent process',
    'pipe',
  ]);
});

test('counts resources by kind that the report does not list', () => {
  const resources = [
    'TTYWrap',
    'FSReqPromise',
    'MessagePort',
    'Timeout',
    'Immediate',
    'Timeout',
    'TCPSocketWrap',
  ];

  const leftovers = listLeftovers([handle('tcp', { localEndpoint: LOCAL }), handle('async')], {
    resources,
    workers: 0,
  });
  expect(sumUp(leftovers)).toEqual([
    'tcp listening on 127.0.0.1:38040',
    '2 × Timeout',
    '1 × Immediate',
    '1 × MessagePort',
    '1 × FSReqPromise',
  ]);
});

describe('workers', () => {
  const [referenced, not] = [handle('async'), handle('async', { is_referenced: false })];

  test.each<[string, readonly LoopHandle[], readonly string[], number, readonly string[]]>([
    ['one that has been unreferenced is not named', [not, not], [], 1, []],
    ['one that is referenced is named', [referenced, not], [], 1, ['worker thread']],
    [
      'one that is referenced by its port alone is not',
      [not, referenced],
      ['MessagePort'],
      1,
      ['MessagePort'],
    ],
    [
      'say that Node does not reveal which of several is referenced',
      [referenced, not],
      [],
      3,
      ['worker threads (at least 1 of 3; Node does not say which)'],
    ],
  ])('%s', (_, handles, resources, workers, named) => {
    expect(listLeftovers(handles, { resources, workers })).toEqual(named);
  });

  test('are not added for a new unreferenced worker', () => {
    const before = listLeftovers([referenced], { resources: [], workers: 1 });
    const now = listLeftovers([referenced, not], { resources: [], workers: 2 });
    expect(addedTo(before, now)).toEqual([]);
  });
});
