import { LeakCheck } from '../../lib/testing/leak-check.js';

/** A check over a list that the test changes. */
function checked(...before: readonly string[]) {
  const list = [...before];
  return { list, check: new LeakCheck(() => [...list]) };
}

describe('a leak check', () => {
  test('finds new resources, with multiplicity', () => {
    const { list, check } = checked('Timeout', 'udp');
    list.push('Timeout', 'udp', 'Timeout', 'tcp listening on 127.0.0.1:1');
    expect(check.leaks).toEqual(['udp', 'tcp listening on 127.0.0.1:1', '2 × Timeout']);
  });

  test('ignores resources that are gone', async () => {
    const { list, check } = checked('Timeout', 'udp');
    list.length = 0;
    await expect(check.expectNone()).resolves.toBeUndefined();
  });

  test('waits for closing resources', async () => {
    const { list, check } = checked();
    list.push('udp');
    setTimeout(() => void (list.length = 0), 30);
    await expect(check.expectNone()).resolves.toBeUndefined();
  });

  test('fails with the names of what remains', async () => {
    const { list, check } = checked();
    list.push('process pid 4', 'Timeout');
    await expect(check.expectNone({ within: 20 })).rejects.toThrow(
      'Leaks that keep the process alive: process pid 4; 1 × Timeout.',
    );
  });
});
