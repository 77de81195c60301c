import { run } from './fork.js';

test.each([11, 12] as const)(
  "the harness of the built package runs under Node's own test runner, on Nest %i",
  async (major) => {
    const { code, lines } = await run('harness', { major });
    // Each major of Node begins the line in a way of its own.
    expect(lines.filter((line) => /\b(pass|fail) \d+$/.test(line)).map((line) => line.slice(2))).toEqual([
      'pass 2',
      'fail 0',
    ]);
    expect(code).toBe(0);
  },
);
