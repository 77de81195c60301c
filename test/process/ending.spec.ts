import { ForkedProgram, run, SLACK } from './fork.js';

function withSignal(scenario: string) {
  return run('ending', { args: [scenario], signalAt: ['started', 'SIGTERM'] });
}

describe('something that hangs', () => {
  test('a handler is abandoned at the timeout of its phase, and the process exits with code 1', async () => {
    const { code, lines, durationMs } = await withSignal('hung-handler');

    expect(code).toBe(1);
    expect(lines).toContain('close');
    expect(lines.at(-1)).toBe('closed');
    expect(durationMs).toBeLessThan(300 + SLACK);
  });

  test('a handler beyond the grace period is abandoned one second before its end', async () => {
    const { code, lines, durationMs } = await withSignal('hung-beyond-grace-period');

    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('closed');
    expect(durationMs).toBeLessThan(500 + SLACK);
  });

  test.each([
    ['', 'hung-hook'],
    [', if nothing else keeps the process alive', 'hung-hook-and-nothing-else'],
  ])('a Nest hook makes the process exit before the grace period ends%s', async (_, scenario) => {
    const { code, lines, errors, durationMs } = await withSignal(scenario);

    expect(code).toBe(1);
    expect(lines.at(-2)).toBe('destroy');
    expect(errors).toEqual([`[GracefulShutdown] ${lines.at(-1)}`]);
    expect(errors).toEqual([
      expect.stringMatching(
        /^\[GracefulShutdown\] The grace period is almost over after \d\.\d s: ending now\./,
      ),
    ]);
    expect(durationMs).toBeLessThan(1_500 + SLACK);
  });

  test('a hanging start is given up, what has started closes, and the process exits', async () => {
    const { code, lines, durationMs } = await run('ending', {
      args: ['hung-boot'],
      signalAt: ['i(', 'SIGTERM'],
    });

    expect(lines).toContain('Asked to shut down during startup (SIGTERM): waiting for startup to finish.');
    expect(lines).toContain('Startup did not finish within 1 000 ms: shutting down what has started.');
    expect(lines.at(-2)).toBe('closed');
    expect(code).toBe(0);
    expect(durationMs).toBeLessThan(3_000 + SLACK);
  });
});

describe('something that fails', () => {
  test('a throwing handler is logged, stops no other, and the process exits with code 1', async () => {
    const { code, lines } = await withSignal('throwing');

    expect(code).toBe(1);
    expect(lines).toContain("'Store.save' in phase 'drain' failed: disk full");
    expect(lines).toContain('close');
    expect(lines.at(-1)).toBe('closed');
  });

  test("a failed phase with onFailure: 'abort' skips the later ones, and the process exits with code 1", async () => {
    const { code, lines } = await withSignal('aborting');

    expect(code).toBe(1);
    expect(lines).not.toContain('close');
    expect(lines.slice(-2)).toEqual(['destroy', 'closed']);
  });

  test('a handler that rejects after its timeout is noted and is not an unhandled rejection', async () => {
    const { code, lines, errors } = await withSignal('settles-late');

    expect({ code, errors }).toEqual({ code: 1, errors: [] });
    expect(lines).toContainEqual(
      expect.stringMatching(/^'Store\.save' failed \d+ ms after its timeout: too late$/),
    );
    expect(lines.at(-1)).toBe('closed');
  });

  test('a throwing onModuleDestroy, if Nest passes it on, is logged, and the process exits with code 1', async () => {
    const { code, lines } = await run('ending', {
      major: 11,
      args: ['throwing-hook'],
      signalAt: ['started', 'SIGTERM'],
    });

    expect(code).toBe(1);
    expect(lines).toContain('Nest could not close the application: destroy failed');
  });

  test('an application without the module gets an error it can catch', async () => {
    const { code, lines, errors } = await run('module-missing');

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toEqual(['SHUTDOWN_MODULE_MISSING']);
  });
});

describe.each([11, 12] as const)('a start that fails with a port for probes, on Nest %i', (major) => {
  test.each(['listen', 'init', 'bootstrap'])(
    'at %s leaves no port open and no process alive',
    async (where) => {
      const { code, lines } = await run('failed-start', { major, args: [where] });
      expect({ code, lines }).toEqual({ code: 0, lines: ['probes closed', 'failed'] });
    },
  );

  test('leaves no process alive with the module alone', async () => {
    const { code, lines } = await run('failed-start', { major, args: ['listen', 'alone'] });
    expect({ code, lines }).toEqual({ code: 0, lines: ['failed'] });
  });
});

describe('rule 12: what is left open is named, and the process exits', () => {
  const kept = (what: string) =>
    expect.stringMatching(
      new RegExp(
        `^\\[GracefulShutdown\\] The shutdown ended \\d\\.\\d s ago, but the process is kept alive by ${what}: ending it now\\.$`,
      ),
    );

  test('a timer is named, and the process exits with its code', async () => {
    const { code, errors, durationMs } = await withSignal('leaked-timer');

    expect(errors).toEqual([kept('1 × Timeout')]);
    expect(code).toBe(0);
    expect(durationMs).toBeLessThan(1_000 + SLACK);
  });

  const leakedBy = (lines: readonly string[]): string =>
    lines.find((line) => line.startsWith('leaked'))?.slice('leaked '.length) ?? 'nothing';

  test('a server is named by its address', async () => {
    const { code, lines, errors } = await withSignal('leaked-server');

    expect(errors).toEqual([kept(`tcp listening on 127\\.0\\.0\\.1:${leakedBy(lines)}`)]);
    expect(code).toBe(0);
  });

  test('a socket is named by both of its addresses', async () => {
    const { code, lines, errors } = await withSignal('leaked-socket');
    const [local, remote] = leakedBy(lines).split(' -> ');

    expect(errors).toEqual([kept(`tcp 127\\.0\\.0\\.1:${local} -> 127\\.0\\.0\\.1:${remote}`)]);
    expect(code).toBe(0);
  });

  test('a child process is named by its pid', async () => {
    const { code, lines, errors } = await withSignal('leaked-child');

    expect(errors).toEqual([kept(`process pid ${leakedBy(lines)}`)]);
    expect(code).toBe(0);
  });

  test('work of a beforeExit listener is awaited, and the exit code that it sets counts', async () => {
    const { code, lines, errors } = await withSignal('flushes-before-exit');

    expect(errors).toEqual([]);
    expect(lines.slice(-3)).toEqual(['closed', 'flushed', 'exit with 3']);
    expect(code).toBe(3);
  });

  test('thread pool work of a beforeExit listener is awaited', async () => {
    const { code, lines, errors } = await withSignal('pool-work-before-exit');

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.at(-1)).toBe('hashed');
  });

  test('work of a beforeExit listener may take longer than one second', async () => {
    const { code, lines, errors } = await withSignal('beforeExit-beyond-a-second');

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.at(-1)).toBe('flushed');
  });

  test('unreferenced resources are not named', async () => {
    const { errors } = await withSignal('leaked-beside-unreferenced');

    expect(errors).toEqual([kept('1 × Timeout')]);
  });

  test.each([
    ['a worker', 'leaked-worker', '1 × worker thread'],
    [
      'one of two workers, without saying which',
      'leaked-one-of-two-workers',
      'worker threads \\(at least 1 of 2; Node does not say which\\)',
    ],
    ['a port', 'leaked-port', '1 × MessagePort'],
  ])('%s is named', async (_, scenario, named) => {
    const { errors } = await withSignal(scenario);

    expect(errors).toEqual([kept(named)]);
  });

  test('the exit code of an unclean shutdown is kept', async () => {
    const { code, errors } = await withSignal('leaked-and-failed');

    expect(errors).toEqual([kept('1 × Timeout')]);
    expect(code).toBe(1);
  });
});

describe('an exit code set by the application', () => {
  test.each([
    ['in a handler', 'code-of-a-handler', 42],
    ['as a string, in a Nest hook, after a failed handler', 'code-of-a-hook', 42],
    ["in a listener of 'exit'", 'code-at-exit', 42],
    ['in a process that is forced to exit', 'code-and-kept-alive', 42],
    ['is 1 if it set 0 and a handler failed', 'code-0', 1],
  ])('is kept: %s', async (_, scenario, expected) => {
    expect((await withSignal(scenario)).code).toBe(expected);
  });
});

describe('a foreign process.exit(0)', () => {
  test('during the run is named with what it cut, and the exit code is 1', async () => {
    const { code, errors } = await withSignal('foreign-exit');

    expect(code).toBe(1);
    expect(errors).toEqual([
      expect.stringMatching(
        /^\[GracefulShutdown\] The process exits with code 0 before the shutdown has finished, called at .*ending\.js:\d+:\d+\)?\. Abandoned: Store\.save\.$/,
      ),
    ]);
  });

  test('after everything is closed does not hide a failed handler', async () => {
    const { code, errors } = await withSignal('foreign-exit-when-closed');

    expect({ code, errors }).toEqual({ code: 1, errors: [] });
  });
});

describe('a process stalled past its deadline', () => {
  test('reads what has arrived before it exits: blocked event loop', async () => {
    const { code, lines, errors } = await withSignal('blocked-past-the-deadline');

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.at(-1)).toBe('closed');
  });

  test('reads what has arrived before it exits: stopped by SIGSTOP', async () => {
    const program = new ForkedProgram('ending', { args: ['stoppable'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('waiting', 'SIGSTOP');
    await new Promise((resolve) => {
      setTimeout(resolve, 2_500);
    });
    await program.signalAt('waiting', 'SIGCONT');
    const { code, lines, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('rule 13: app.close() without a signal', () => {
  test('neither exits the process nor sets its exit code', async () => {
    const { code, lines } = await run('ending', { args: ['bare-close'] });

    expect(lines.slice(-2)).toEqual(['closed', 'still here, exitCode undefined']);
    expect(code).toBe(0);
  });

  test('rejects near the end of the grace period if a Nest hook hangs, and the process goes on', async () => {
    const { code, lines, durationMs } = await run('ending', { args: ['hung-hook-of-a-close'] });

    const why =
      'a Nest hook or the close of a server did not end within 1000 ms, shortly before gracePeriod is over. Whatever it would have closed stays open.';
    expect(lines).toContain(`Nest could not close the application: ${why}`);
    expect(lines.slice(-2)).toEqual([`rejected: ${why}`, 'still here, exitCode undefined']);
    expect(code).toBe(0);
    expect(durationMs).toBeGreaterThan(1_000);
  });

  test('leaves no process listener behind, however many applications are created', async () => {
    const { lines, errors } = await run('cycles');

    expect(lines).toEqual(['listens', 'as before']);
    expect(errors).toEqual([]);
  });
});
