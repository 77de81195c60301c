import { callers, SelfWaits } from '../../lib/run/self-waits.js';

class Admin {
  callers: ReadonlySet<string> = new Set();

  now(): void {
    this.#look();
  }

  async later(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await this.deep();
  }

  async deep(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#look();
  }

  behindCallback(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#look();
        resolve();
      }, 1);
    });
  }

  #look(): void {
    this.callers = callers();
  }
}

describe('the callers of a call', () => {
  test('are the methods that it was made in', () => {
    const admin = new Admin();
    admin.now();
    expect(admin.callers).toContain('Admin.now');
  });

  test('are also the async methods that wait for it', async () => {
    const admin = new Admin();
    await admin.later();
    expect(admin.callers).toContain('Admin.deep');
    expect(admin.callers).toContain('Admin.later');
  });

  test('are not known behind a callback', async () => {
    const admin = new Admin();
    await admin.behindCallback();
    expect(admin.callers).not.toContain('Admin.behindCallback');
  });

  test('are asked for without a trace', () => {
    const { stackTraceLimit } = Error;
    const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    callers();
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value).toBe(prepare?.value);
  });
});

describe('work that waits for itself', () => {
  test('is known once no more run than have asked', () => {
    const waits = new SelfWaits();
    expect([waits.isEmpty, waits.covers('Admin.stop', 1)]).toEqual([true, false]);
    waits.add('Admin.stop');
    waits.add('Admin.stop');
    expect([3, 2, 1].map((running) => waits.covers('Admin.stop', running))).toEqual([false, true, true]);
    expect(waits.covers('Orders.place', 1)).toBe(false);
  });
});
