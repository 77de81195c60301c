import { jest } from '@jest/globals';
import { PassThrough } from 'node:stream';

/** As a test runner does for each of its files. */
async function loadedAnew() {
  jest.resetModules();
  return import('../../lib/process/process-output.js');
}

test('adds one listener per output, however often the package is loaded', async () => {
  const output = new PassThrough();
  for (let time = 0; time < 3; time += 1) (await loadedAnew()).keepFromEnding(output);
  expect(output.listenerCount('error')).toBe(1);
});

test('ignores an output that lost its reader, and throws any other output error', async () => {
  const { keepFromEnding } = await loadedAnew();
  const output = new PassThrough();
  keepFromEnding(output);
  expect(() => output.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))).not.toThrow();
  expect(() => output.emit('error', new Error('broken'))).toThrow('broken');
});
