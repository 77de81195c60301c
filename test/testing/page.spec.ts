import { readFileSync, readdirSync } from 'node:fs';

const FOLDER = 'test/nest/examples';

/** The blocks of code of the page, by the example that each one says it is. */
const blocks = new Map(
  Array.from(
    readFileSync('docs/testing.md', 'utf8').matchAll(/^<!-- (\S+) -->\n\n```ts\n(.*?)^```$/gms),
    ([, file = '', code = '']) => [file, code] as const,
  ),
);

const examples = readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`);

describe('docs/testing.md', () => {
  test('shows every tested example, and no other TypeScript', () => {
    expect([...blocks.keys()].toSorted()).toEqual(examples.toSorted());
    expect(readFileSync('docs/testing.md', 'utf8').match(/^```ts$/gm)).toHaveLength(blocks.size);
  });

  test.each(examples)('shows %s as tested', (file) => {
    expect(blocks.get(file)).toBe(readFileSync(file, 'utf8'));
  });
});
