import { OnShutdown, traceShutdown, type ShutdownTrace } from '../../lib/index.js';
import { bootApplication } from './application.js';

class Pool {
  @OnShutdown()
  close(): void {}
}

const nameOf = (trace: ShutdownTrace): string => (trace.kind === 'run' ? 'run' : trace.name);

let stop = (): void => undefined;

afterEach(() => stop());

/** The names of all that begins, in order. */
function followed(): readonly string[] {
  const names: string[] = [];
  stop = traceShutdown({ started: (trace) => void names.push(nameOf(trace)) });
  return names;
}

describe('tracing follows the shutdown of an application', () => {
  test('with its run, its phases and all their tasks', async () => {
    const names = followed();
    const { finish } = await bootApplication({ providers: [Pool] });
    await finish();
    expect(names).toEqual([
      'run',
      'unready',
      'HttpDrain.leave',
      'drain',
      'HttpDrain',
      'InFlightWork',
      'flush',
      'close',
      'Pool.close',
    ]);
  });

  test('once, even if a run was rejected before', async () => {
    const names = followed();
    const { shutdown, finish } = await bootApplication({ providers: [Pool] });
    await expect(shutdown.run('a test', { from: 'nowhere' })).rejects.toThrow('nowhere');
    expect(names).toEqual([]);
    await finish();
    expect(names.filter((name) => name === 'run')).toHaveLength(1);
  });

  test('separately for each application', async () => {
    const runs = new Set<ShutdownTrace>();
    stop = traceShutdown({ ended: (trace) => void (trace.kind === 'run' && runs.add(trace)) });
    for (const { finish } of [await bootApplication({}), await bootApplication({})]) await finish();
    expect(runs.size).toBe(2);
  });
});

test('logs a feature that fails to subscribe, and goes on', async () => {
  const { finish, log } = await bootApplication({
    shutdown: {
      features: [
        () => ({
          prepare: () => [],
          follow: () => {
            throw new Error('no tracer');
          },
        }),
      ],
    },
  });
  expect((await finish()).outcome).toBe('completed');
  expect(log.lines).toContainEqual({
    level: 'error',
    text: 'A listener of the shutdown events threw; the shutdown goes on: no tracer',
  });
});

test('a feature that throws on an event does not keep it from the others', async () => {
  const { finish, shutdown, log } = await bootApplication({
    providers: [Pool],
    shutdown: {
      features: [
        () => ({
          prepare: () => [],
          observe: () => {
            throw new Error('careless');
          },
        }),
      ],
    },
  });
  expect((await finish()).outcome).toBe('completed');
  expect(shutdown.signal.aborted).toBe(true);
  expect(log.lines.filter(({ text }) => text.endsWith('careless')).length).toBeGreaterThan(1);
});
