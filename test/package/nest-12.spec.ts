import { join } from 'node:path';
import { describeApplication } from './application-suite.js';
import { PATIENCE } from './command.js';
import { ENTRY_POINTS } from './entry-points.js';
import { typeMistakes } from './entry-point-checks.js';
import { MATRIX } from './nodes.js';
import { ROOT } from './workshop.js';

import.meta.jest.setTimeout(PATIENCE);

describeApplication({ name: 'nest-12' }, (project) => {
  test('has clean types for the compiler that builds the library', async () => {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(await typeMistakes(project(), ENTRY_POINTS, { compiler })).toBe('');
  });
});

if (MATRIX === 'full') describeApplication({ name: 'nest-12-jest', over: 'nest-12' });
