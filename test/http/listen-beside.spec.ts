import { EventEmitter } from 'node:events';
import { listenBeside } from '../../lib/http/listen-beside.js';

function scene() {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  const hears = (name: string) => (): void => void heard.push(name);
  return { emitter, heard, hears };
}

test('a listener beside others runs before them, whatever the order of registration', () => {
  const { emitter, heard, hears } = scene();
  emitter.on('early', hears('other'));
  for (const event of ['early', 'late']) listenBeside(emitter, event, hears('ours'));
  emitter.on('late', hears('other'));
  emitter.emit('early');
  emitter.emit('late');

  expect(heard).toEqual(['ours', 'other', 'ours', 'other']);
});

test('a listener beside others is registered only while they are', () => {
  const { emitter, heard, hears } = scene();
  const [first, second] = [hears('first'), hears('second')];
  listenBeside(emitter, 'event', hears('ours'));
  expect(emitter.emit('event')).toBe(false);
  emitter.on('event', first).on('event', second).off('event', first);
  emitter.emit('event');
  emitter.off('event', second);
  expect(emitter.emit('event')).toBe(false);
  emitter.once('event', first);
  emitter.emit('event');
  expect(emitter.emit('event')).toBe(false);

  expect(heard).toEqual(['ours', 'second', 'ours', 'first']);
});

test('a listener beside others survives removeAllListeners', () => {
  const { emitter, heard, hears } = scene();
  emitter.on('event', hears('first')).on('event', hears('second'));
  listenBeside(emitter, 'event', hears('ours'));
  emitter.removeAllListeners('event');
  expect(emitter.listenerCount('event')).toBe(0);
  emitter.on('event', hears('third'));
  emitter.emit('event');

  expect(heard).toEqual(['ours', 'third']);
});
