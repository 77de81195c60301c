import { run } from './fork.js';

/** What `lib/lifecycle` uses of Nest without a type that promises it. */
const MEMBERS = 'close callDestroyHook enableShutdownHooks unsubscribeFromProcessSignals';

test.each([
  [11, `${MEMBERS}`],
  [12, `${MEMBERS} prepareClose`],
] as const)('Nest %i has the members that the lifecycle uses: %s', async (major, members) => {
  const { lines } = await run('seams', { major });

  expect(lines).toEqual([
    `application: ${members}`,
    `context: ${members}`,
    `microservice: ${members}`,
    'distance: number',
    'distance can be set: true',
  ]);
});
