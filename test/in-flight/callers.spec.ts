import { Callers } from '../../lib/in-flight/callers.js';
import { InFlightWork } from '../../lib/in-flight/in-flight-work.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

function callers() {
  const work = new InFlightWork(new ManualClock());
  const inside = new Callers(work);
  const at = 0;
  const started = (id: number, task: string, phase = 'drain'): void =>
    inside.observe({ type: 'task-started', at, id, phase, task });
  const finished = (id: number, task: string): void =>
    inside.observe({
      type: 'task-finished',
      at,
      id,
      phase: 'drain',
      task,
      outcome: 'completed',
      abandoned: false,
    });
  return { work, inside, started, finished };
}

/** Whether the callers have ended, looked at after a few turns. */
async function haveEnded(ended: Promise<void>): Promise<boolean> {
  let result = false;
  void ended.then(() => {
    result = true;
  });
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  return result;
}

test('there are no callers without running tasks and tracked work', async () => {
  const { inside } = callers();
  expect(await haveEnded(inside.ended('drain'))).toBe(true);
});

test('a task of the phase is a caller until it ends, even if it starts in the same turn', async () => {
  const { inside, started, finished } = callers();
  const ended = inside.ended('drain');
  started(1, 'HttpDrain');
  expect(await haveEnded(ended)).toBe(false);
  finished(1, 'HttpDrain');
  expect(await haveEnded(ended)).toBe(true);
});

test('a task of another phase is not a caller', async () => {
  const { inside, started } = callers();
  started(1, 'sendMails', 'flush');
  expect(await haveEnded(inside.ended('drain'))).toBe(true);
});

test('tracked work is a caller, but its task is not, because it waits for its neighbours', async () => {
  const { work, inside, started } = callers();
  started(1, 'InFlightWork');
  started(2, 'InFlightWork #2');
  const end = work.begin('charge card');
  const ended = inside.ended('drain');
  expect(await haveEnded(ended)).toBe(false);
  end();
  expect(await haveEnded(ended)).toBe(true);
});

test('work that a caller leaves behind is waited for', async () => {
  const { work, inside, started, finished } = callers();
  started(1, 'HttpDrain');
  const ended = inside.ended('drain');
  expect(await haveEnded(ended)).toBe(false);
  const end = work.begin('send mail');
  finished(1, 'HttpDrain');
  expect(await haveEnded(ended)).toBe(false);
  end();
  expect(await haveEnded(ended)).toBe(true);
});

test('a door is not a caller, but the messages that it holds at that moment are', async () => {
  const { inside, started } = callers();
  let end: () => void = () => undefined;
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      end = resolve;
    });
  inside.addDoor('MicroserviceDrain (TCP)', { settled });
  started(1, 'MicroserviceDrain (TCP)');
  const ended = inside.ended('drain');
  expect(await haveEnded(ended)).toBe(false);
  end();
  expect(await haveEnded(ended)).toBe(true);
});
