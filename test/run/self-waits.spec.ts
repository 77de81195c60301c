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

describe('callers()', () => {
  test('returns the methods on the stack', () => {
    const admin = new Admin();
    admin.now();
    expect(admin.callers).toContain('Admin.now');
  });

  test('returns the async methods that await the call', async () => {
    const admin = new Admin();
    await admin.later();
    expect(admin.callers).toContain('Admin.deep');
    expect(admin.callers).toContain('Admin.later');
  });

  test('does not see beyond a callback', async () => {
    const admin = new Admin();
    await admin.behindCallback();
    expect(admin.callers).not.toContain('Admin.behindCallback');
  });

  test('leaves Error.prepareStackTrace and stackTraceLimit unchanged', () => {
    const { stackTraceLimit } = Error;
    const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    callers();
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value).toBe(prepare?.value);
  });
});

describe('SelfWaits', () => {
  test('covers a name once no more pieces run than have asked', () => {
    const waits = new SelfWaits();
    expect([waits.isEmpty, waits.covers('Admin.stop', 1)]).toEqual([true, false]);
    waits.add('Admin.stop');
    waits.add('Admin.stop');
    expect([3, 2, 1].map((running) => waits.covers('Admin.stop', running))).toEqual([false, true, true]);
    expect(waits.covers('Orders.place', 1)).toBe(false);
  });
});
