import { ForkedProgram, run, SLACK } from './fork.js';

function withSignal(scenario: string) {
  return run('ending', { args: [scenario], signalAt: ['started', 'SIGTERM'] });
}

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2'] as const)(
    '%s exits with code 0 after a clean shutdown',
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

  test("is re-raised with exit: 'signal'", async () => {
    const { code, signal, lines } = await withSignal('exit-signal');

    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(lines.at(-1)).toBe('closed');
  });

  test("keeps the process running with exit: 'none'", async () => {
    const { code, lines } = await withSignal('exit-none');

    expect(lines.slice(-2)).toEqual(['closed', 'still here, exitCode 0']);
    expect(code).toBe(7);
  });

  test("sets exit code 1 with exit: 'none' if a handler failed", async () => {
    const { code, lines } = await withSignal('exit-none-and-fails');

    expect(lines.at(-1)).toBe('closed');
    expect(code).toBe(1);
  });

  test('during close() joins it and exits the process', async () => {
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

describe("a signal with runAt: 'before-application-shutdown'", () => {
  test('before the start of the run is listed in it', async () => {
    const program = new ForkedProgram('ending', { args: ['close-before-late-run'] });
    await program.signalAt('destroy', 'SIGTERM');
    const { code, lines } = await program.ended;

    expect(lines.indexOf('Shutting down: app.close().')).toBeGreaterThan(lines.indexOf('destroy'));
    expect(lines).toContain('Already shutting down; also asked by: SIGTERM.');
    expect(code).toBe(0);
  });
});

describe('a second signal', () => {
  test('after one second exits immediately, with one line that names what was abandoned', async () => {
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

  test('within one second is ignored', async () => {
    const program = new ForkedProgram('ending', { args: ['slow'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('save(', 'SIGTERM');
    const { code, lines, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines.slice(-3)).toEqual([expect.any(String), 'destroy', 'closed']);
  });

  test('within one second is ignored even after everything is closed', async () => {
    const program = new ForkedProgram('ending', { args: ['lingers'] });
    await program.signalAt('started', 'SIGTERM');
    await program.signalAt('lingering', 'SIGTERM');
    const { code, signal } = await program.ended;

    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

describe('a signal that the process re-raises, as another Nest application does after its close', () => {
  test('does not escalate, and the process exits with code 0', async () => {
    const { code, signal, errors, lines } = await withSignal('raised-by-another');

    expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: [] });
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('a foreign signal listener added after the start', () => {
  test.each(['on', 'once', 'prependListener', 'prependOnceListener'])(
    'is found when the run begins, and reported once: %s',
    async (method) => {
      const { code, lines } = await withSignal(`late-listener-${method}`);

      expect(lines.filter((line) => line.startsWith('Something else listens to SIGTERM'))).toHaveLength(1);
      expect(code).toBe(0);
    },
  );
});

describe('an AbortSignal of the options', () => {
  test('closes the application, and the process exits by itself with code 0', async () => {
    const { code, lines, errors } = await run('ending', { args: ['abort-signal'] });

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toContain('Shutting down: the abort signal, the job is over.');
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('GracefulShutdown.exit()', () => {
  test('closes the application and exits with its code', async () => {
    const { code, lines, errors } = await run('ending', { args: ['exits-itself'] });

    expect({ code, errors }).toEqual({ code: 3, errors: [] });
    expect(lines).toContain('Shutting down: the queue is empty.');
    expect(lines.at(-1)).toBe('closed');
  });

  test('without a code exits with code 1 if a handler failed', async () => {
    const { code } = await run('ending', { args: ['exits-itself-and-fails'] });

    expect(code).toBe(1);
  });
});

describe('a process with an empty event loop', () => {
  test.each([
    ['', 'out-of-work', 0],
    [', and exits with code 1 if a handler failed', 'out-of-work-and-fails', 1],
  ])('runs the plan and closes before it exits%s', async (_, scenario, expected) => {
    const { code, lines, errors } = await run('ending', { args: [scenario] });

    expect({ code, errors }).toEqual({ code: expected, errors: [] });
    expect(lines).toContain('Shutting down: the process has nothing left to do.');
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('ipc', () => {
  test('a message listener does not keep the process alive after its application has closed', async () => {
    const program = new ForkedProgram('ending', { args: ['leaked-message-listener'], ipc: true });
    await program.signalAt('started', 'SIGTERM');
    const { code, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
  });

  test('the message `shutdown` from the parent closes the application, and the channel does not keep the process alive', async () => {
    const program = new ForkedProgram('ending', { args: ['ipc'], ipc: true });
    await program.messageAt('started', 'something else');
    await program.messageAt('started', 'shutdown');
    const { code, lines, errors } = await program.ended;

    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toContain('Shutting down: the `shutdown` message from the parent process.');
    expect(lines.at(-1)).toBe('closed');
  });
});

describe('fatalErrors', () => {
  test.each([
    ['uncaught', 'Uncaught exception: boom'],
    ['rejection', 'Unhandled rejection: boom'],
  ])('%s runs the plan, and the process exits with code 1', async (scenario, text) => {
    const { code, lines, errors } = await run('ending', { args: [scenario] });

    expect(code).toBe(1);
    expect(errors.slice(0, 2)).toEqual([`[GracefulShutdown] ${text}`, 'Error: boom']);
    expect(lines).toContain('save)');
    expect(lines.at(-1)).toBe('closed');
  });

  test('a second one exits immediately', async () => {
    const { code, lines, errors } = await run('ending', { args: ['uncaught-twice'] });

    expect(code).toBe(1);
    expect(errors).toContain(
      '[GracefulShutdown] Uncaught exception during a shutdown that another one started, ending now: second boom',
    );
    expect(lines.at(-2)).toBe('save(');
  });

  test('without the option, an uncaught exception crashes the process as in plain Node', async () => {
    const { code, lines, errors } = await run('ending', { args: ['uncaught-unasked'] });

    expect(code).toBe(1);
    expect(errors).toContain('Error: boom');
    expect(lines).not.toContain('save(');
  });
});

describe('two applications in one process', () => {
  test('exit it together after both have closed', async () => {
    const { code, lines } = await run('two-applications', { signalAt: ['started', 'SIGTERM'] });

    expect(lines).toEqual(['started', 'quick closed', 'slow closed']);
    expect(code).toBe(0);
  });

  test('exit it with the worse of their codes', async () => {
    const { code, lines } = await run('two-applications', {
      args: ['failing'],
      signalAt: ['started', 'SIGTERM'],
    });

    expect(lines.at(-1)).toBe('slow closed');
    expect(code).toBe(1);
  });
});
