import { runPlan } from '../../lib/testing/run-plan.js';
import { instantTask } from '../run/timed-task.js';

test('runs a plan with faults without an application', async () => {
  const { report, recorder } = await runPlan({
    phases: [{ name: 'work', timeout: 1_000 }],
    tasks: [instantTask('stuck'), instantTask('broken'), instantTask('lazy'), instantTask('fine')],
    faults: { stuck: { kind: 'hang' }, broken: { kind: 'throw' }, lazy: { kind: 'slow', ms: 400 } },
  });

  expect(Object.fromEntries(recorder.outcomes)).toEqual({
    stuck: 'timed-out',
    broken: 'failed',
    lazy: 'completed',
    fine: 'completed',
  });
  expect(report.durationMs).toBe(1_000);
});
