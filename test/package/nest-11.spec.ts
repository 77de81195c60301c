import { describeApplication } from './application-suite.js';
import { PATIENCE } from './command.js';
import { ENTRY_POINTS } from './entry-points.js';
import { typeMistakes } from './entry-point-checks.js';
import { MATRIX } from './nodes.js';

import.meta.jest.setTimeout(PATIENCE);

if (MATRIX === 'quick') describeApplication({ name: 'nest-11' });
else {
  describeApplication({ name: 'nest-11' }, (project) => {
    test('has clean types where modules are resolved as by Node 10', async () => {
      expect(await typeMistakes(project(), ENTRY_POINTS, { config: 'tsconfig.node10.json' })).toBe('');
    });
  });
  describeApplication({ name: 'nest-11-jest-29', over: 'nest-11' });
}
