import { scheduleWithTurn } from '../../lib/lifecycle/late-timer.js';
import { StallingClock } from './stalling-clock.js';

function scheduled(delayMs: number) {
  const clock = new StallingClock();
  const fired: number[] = [];
  const timer = scheduleWithTurn(clock, () => fired.push(clock.now()), delayMs);
  return { clock, fired, timer };
}

test('a timer that fires in time calls back at once', async () => {
  const { clock, fired } = scheduled(500);
  await clock.manual.advance(500);
  expect(fired).toEqual([500]);
});

test('a timer that fires late, since the process was stopped, waits one more turn of 100 ms', async () => {
  const { clock, fired } = scheduled(500);
  clock.stall(60_000);
  await clock.manual.advance(599);
  expect(fired).toEqual([]);
  await clock.manual.advance(1);
  expect(fired).toEqual([60_600]);
});

test('a timer gets one more turn and not a second one, however late that ends', async () => {
  const { clock, fired } = scheduled(500);
  clock.stall(60_000);
  await clock.manual.advance(500);
  clock.stall(60_000);
  await clock.manual.advance(100);
  expect(fired).toHaveLength(1);
});

test('a timer can be taken back in its last turn', async () => {
  const { clock, fired, timer } = scheduled(500);
  clock.stall(60_000);
  await clock.manual.advance(500);
  timer.cancel();
  await clock.manual.advance(1_000);
  expect({ fired, pending: clock.manual.pending }).toEqual({ fired: [], pending: 0 });
});
