/* oxlint-disable unicorn/prefer-add-event-listener -- both ways to listen are the subject */
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { isolateSignal } from '../../lib/run/isolated-signal.js';

const failure = new Error('no');

function isolated() {
  const controller = new AbortController();
  const errors: unknown[] = [];
  isolateSignal(controller.signal, (error) => errors.push(error));
  return { controller, signal: controller.signal, errors };
}

const later = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('isolateSignal()', () => {
  test('passes on what listeners throw or reject with, and calls all of them', async () => {
    const { controller, signal, errors } = isolated();
    let calls = 0;
    const count = (): void => void (calls += 1);
    signal.addEventListener('abort', () => {
      throw failure;
    });
    signal.addEventListener('abort', () => Promise.reject(failure) as unknown as undefined);
    signal.addEventListener('abort', {
      handleEvent: () => {
        throw failure;
      },
    });
    signal.onabort = () => {
      throw failure;
    };
    signal.addEventListener('abort', count);
    controller.abort();
    await later();
    expect(errors).toEqual([failure, failure, failure, failure]);
    expect(calls).toBe(1);
  });

  test('keeps the semantics of adding twice, `once` and removing a listener', () => {
    const { controller, signal } = isolated();
    const heard: string[] = [];
    const twice = (): void => void heard.push('twice');
    const gone = (): void => void heard.push('gone');
    signal.addEventListener('abort', twice, { once: true });
    signal.addEventListener('abort', twice, { once: true });
    signal.addEventListener('abort', gone);
    signal.removeEventListener('abort', gone);
    signal.onabort = gone;
    signal.onabort = null;
    controller.abort();
    expect(heard).toEqual(['twice']);
    expect(signal.onabort).toBeNull();
  });

  test('calls listeners with the signal as `this` and as the target of the event', () => {
    const { controller, signal } = isolated();
    const seen: unknown[] = [];
    signal.addEventListener('abort', function (this: unknown, event) {
      seen.push(this, event.target);
    });
    controller.abort();
    expect(seen).toEqual([signal, signal]);
  });

  test.each<readonly [string, (signal: AbortSignal) => Promise<unknown>]>([
    ['setTimeout of node:timers/promises', (signal) => sleep(60_000, undefined, { signal })],
    ['once of node:events', (signal) => once(new EventTarget(), 'never', { signal })],
    ['AbortSignal.any()', (signal) => sleep(60_000, undefined, { signal: AbortSignal.any([signal]) })],
  ])('leaves a signal that Node accepts for %s', async (_, wait) => {
    const { controller, signal, errors } = isolated();
    const waiting = wait(signal);
    controller.abort(failure);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(errors).toEqual([]);
  });
});
