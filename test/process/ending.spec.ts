import { ForkedProgram, run } from './fork.js';

/** What a busy machine may take beyond the times that a program configures. */
const SLACK = 3_000;

const AFTER_START = ['started', 'SIGTERM'] as const;

function withSignal(scenario: string) {
  return run('ending', { args: [scenario], signalAt: AFTER_START });
}

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    '%s ends the process with the code 0 after a clean shutdown',
    async (each) => {
      const { code, signal, lines, errors } = await run('ending', {
        args: ['quick'],
        signalAt: ['started', each],
      });

      expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: [] });
      expect(lines).toContain(`Shutting down: ${each}.`);
      expect(lines.slice(-2)).toEqual(['destroy', 'closed']);
    },
  );

  test("is raised again with exit: 'signal'", async () => {
    const { code, signal, lines } = await withSignal('exit-signal');

    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(lines.at(-1)).toBe('closed');
  });

  test("leaves the process alone with exit: 'none'", async () => {
    const { code, lines } = await withSignal('exit-none');

    expect(lines.slice(-2)).toEqual(['closed', 'still here, exitCode undefined']);
    expect(code).toBe(7);
  });

  test('that comes while close() is under way joins it and ends the process', async () => {
    const program = new ForkedProgram('ending', { args: ['close-under-way'] });
    await program.signalAt('save(', 'SIGTERM');
    const { code, lines } = await program.ended;

    expect(code).toBe(0);
    expect(lines).toContain('Shutting down: app.close().');
    expect(lines).toContain('Already shutting down; also asked by: SIGTERM.');
    expect(lines.filter((line) => line === 'save(')).toHaveLength(1);
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('a second signal', () => {
  test('after one second ends the process at once, with one line that names what was abandoned', async () => {
    const program = new ForkedProgram('ending', { args: ['asks-for-a-second'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('a second later', 'SIGINT');
    const { code, errors, lines, durationMs } = await program.ended;

    expect(code).toBe(128 + 2);
    expect(errors).toEqual([
      expect.stringMatching(
        /^\[GracefulShutdown\] SIGINT again after \d\.\d s: ending now\. Abandoned: Store\.save\.$/,
      ),
    ]);
    expect(lines).not.toContain('destroy');
    expect(durationMs).toBeLessThan(1_050 + SLACK);
  });

  test('within one second does not count', async () => {
    const program = new ForkedProgram('ending', { args: ['slow'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('save(', 'SIGTERM');
    const { code, lines, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.slice(-3)).toEqual([expect.any(String), 'destroy', 'closed']);
  });

  test('within one second does not count either when everything is closed already', async () => {
    const program = new ForkedProgram('ending', { args: ['lingers'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('lingering', 'SIGTERM');
    const { code, signal } = await program.ended;

    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

describe('what does not end', () => {
  test('a handler is left behind at the timeout of its phase, and the process ends with 1', async () => {
    const { code, lines, durationMs } = await withSignal('hung-handler');

    expect(code).toBe(1);
    expect(lines).toContain('close');
    expect(lines.at(-1)).toBe('closed');
    expect(durationMs).toBeLessThan(300 + SLACK);
  });

  test('a handler beyond the grace period is left behind one second before its end', async () => {
    const { code, lines, durationMs } = await withSignal('hung-beyond-grace-period');

    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('closed');
    expect(durationMs).toBeLessThan(500 + SLACK);
  });

  test.each([
    ['', 'hung-hook'],
    [', where nothing else keeps the process alive', 'hung-hook-and-nothing-else'],
  ])('a hook of Nest ends the process before the grace period does%s', async (_, scenario) => {
    const { code, lines, errors, durationMs } = await withSignal(scenario);

    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('destroy');
    expect(errors).toEqual([
      expect.stringMatching(
        /^\[GracefulShutdown\] The grace period is nearly over after \d\.\d s: ending now\./,
      ),
    ]);
    expect(durationMs).toBeLessThan(1_500 + SLACK);
  });

  test('the start of the application is given up, what has started is closed, and the process ends', async () => {
    const { code, lines, durationMs } = await run('ending', {
      args: ['hung-boot'],
      signalAt: ['i(', 'SIGTERM'],
    });

    expect(lines).toContain(
      'Asked to shut down while still starting (SIGTERM): waiting for the start to end.',
    );
    expect(lines).toContain('The start did not end within 1 000 ms; shutting down what has started.');
    expect(lines.at(-1)).toBe('closed');
    expect(code).toBe(0);
    expect(durationMs).toBeLessThan(3_000 + SLACK);
  });
});

describe('what fails', () => {
  test('a handler that throws is told and stops no other, and the process ends with 1', async () => {
    const { code, lines } = await withSignal('throwing');

    expect(code).toBe(1);
    expect(lines).toContain("'Store.save' in the phase 'drain' failed: disk full");
    expect(lines).toContain('close');
    expect(lines.at(-1)).toBe('closed');
  });

  test("a phase that fails with onFailure: 'abort' skips the later ones, and the process ends with 1", async () => {
    const { code, lines } = await withSignal('aborting');

    expect(code).toBe(1);
    expect(lines).not.toContain('close');
    expect(lines.slice(-2)).toEqual(['destroy', 'closed']);
  });

  test('a handler that rejects after its time is noted and is no unhandled rejection', async () => {
    const { code, lines, errors } = await withSignal('settles-late');

    expect({ code, errors }).toEqual({ code: 1, errors: [] });
    expect(lines).toContainEqual(
      expect.stringMatching(/^'Store\.save' failed \d+ ms after its time was over: too late$/),
    );
    expect(lines.at(-1)).toBe('closed');
  });

  test('an onModuleDestroy that throws, where Nest passes it on, is told, and the process ends with 1', async () => {
    const { code, lines } = await run('ending', {
      major: 11,
      args: ['throwing-hook'],
      signalAt: AFTER_START,
    });

    expect(code).toBe(1);
    expect(lines).toContain('Nest could not close the application: destroy failed');
  });

  test('an application without the module gets an error that it can catch', async () => {
    const { code, lines, errors } = await run('module-missing');

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toEqual(['SHUTDOWN_MODULE_MISSING']);
  });
});

describe('fatalErrors', () => {
  test.each([
    ['uncaught', 'Uncaught exception: boom'],
    ['rejection', 'Unhandled rejection: boom'],
  ])('%s runs the plan, and the process ends with 1', async (scenario, text) => {
    const { code, lines, errors } = await run('ending', { args: [scenario] });

    expect(code).toBe(1);
    expect(errors.slice(0, 2)).toEqual([`[GracefulShutdown] ${text}`, 'Error: boom']);
    expect(lines).toContain('save)');
    expect(lines.at(-1)).toBe('closed');
  });

  test('a second one ends the process at once', async () => {
    const { code, lines, errors } = await run('ending', { args: ['uncaught-twice'] });

    expect(code).toBe(1);
    expect(errors).toContain(
      '[GracefulShutdown] Uncaught exception while shutting down after another one: ending now: second boom',
    );
    expect(lines.at(-1)).toBe('save(');
  });

  test('without the option an uncaught exception ends the process as Node does it', async () => {
    const { code, lines, errors } = await run('ending', { args: ['uncaught-unasked'] });

    expect(code).toBe(1);
    expect(errors).toContain('Error: boom');
    expect(lines).not.toContain('save(');
  });
});

describe('ipc', () => {
  test('the message `shutdown` of the parent closes the application, and the channel keeps nothing alive', async () => {
    const program = new ForkedProgram('ending', { args: ['ipc'], ipc: true });
    await program.messageAt('started', 'something else');
    await program.messageAt('started', 'shutdown');
    const { code, lines, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toContain('Shutting down: the message `shutdown` of the parent process.');
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('what is left open', () => {
  const kept = (what: string) =>
    expect.stringMatching(
      new RegExp(
        `^\\[GracefulShutdown\\] The shutdown ended \\d\\.\\d s ago, but the process is kept alive by ${what}: ending it now\\.$`,
      ),
    );

  test('a timer is named, and the process ended with its code', async () => {
    const { code, errors, durationMs } = await withSignal('leaked-timer');

    expect(errors).toEqual([kept('1 × Timeout')]);
    expect(code).toBe(0);
    expect(durationMs).toBeLessThan(1_000 + SLACK);
  });

  test('a server is named by its address', async () => {
    const { code, lines, errors } = await withSignal('leaked-server');
    const [, port] = /"port":(\d+)/.exec(lines.find((line) => line.startsWith('leaked')) ?? '') ?? [];

    expect(errors).toEqual([kept(`tcp listening on 127\\.0\\.0\\.1:${port}`)]);
    expect(code).toBe(0);
  });

  test('a child process is named by its pid', async () => {
    const { code, lines, errors } = await withSignal('leaked-child');
    const [, pid] = /^leaked (\d+)$/.exec(lines.find((line) => line.startsWith('leaked')) ?? '') ?? [];

    expect(errors).toEqual([kept(`process pid ${pid}`)]);
    expect(code).toBe(0);
  });

  test('the code of an unclean shutdown is kept', async () => {
    const { code, errors } = await withSignal('leaked-and-failed');

    expect(errors).toEqual([kept('1 × Timeout')]);
    expect(code).toBe(1);
  });
});

describe('app.close() without a signal', () => {
  test('neither ends the process nor sets its exit code', async () => {
    const { code, lines } = await run('ending', { args: ['bare-close'] });

    expect(lines.slice(-2)).toEqual(['closed', 'still here, exitCode undefined']);
    expect(code).toBe(0);
  });

  test('leaves no listener on the process behind, however many applications are made', async () => {
    const { lines, errors } = await run('cycles');

    expect(lines).toEqual(['listens', 'as before']);
    expect(errors).toEqual([]);
  });
});

describe('two applications in one process', () => {
  test('end it together when both have closed', async () => {
    const { code, lines } = await run('two-applications', { signalAt: AFTER_START });

    expect(lines).toEqual(['started', 'quick closed', 'slow closed']);
    expect(code).toBe(0);
  });

  test('end it with the worse of their codes', async () => {
    const { code, lines } = await run('two-applications', { args: ['failing'], signalAt: AFTER_START });

    expect(lines.at(-1)).toBe('slow closed');
    expect(code).toBe(1);
  });
});
