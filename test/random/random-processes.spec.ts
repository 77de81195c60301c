import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from './generate.js';
import { runProcesses, type Finished } from './run-processes.js';

/** Another one now and then finds more than the same one for ever: `RANDOM_SEED=7`. */
const seed = Number(process.env['RANDOM_SEED'] ?? 1);
const PROCESSES = 30;

// They take 20 s on two cores that are free, but on a busy machine many times as long.
import.meta.jest.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'random-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('random processes break no rule', async () => {
  const broken: string[] = [];
  const indexes = Array.from({ length: PROCESSES }, (_, index) => index);
  const onEnd = ({ observation, violations }: Finished): void => {
    const again = `npm run test:random -- --seed ${seed} --only ${observation.scenario.index}`;
    broken.push(...violations.map(({ rule, what }) => `${again}: ${rule}: ${what}`));
  };

  await runProcesses({ seed, indexes, folder, onEnd });

  expect(broken).toEqual([]);
});

test('a process is made of its seed and its number alone', () => {
  expect(generate(3, 14)).toEqual(generate(3, 14));
  expect(generate(3, 14)).not.toEqual(generate(3, 15));
});
