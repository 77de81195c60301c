import {
  cutShort,
  deadlinePassed,
  escalated,
  fatalError,
  keptAlive,
  secondCopy,
} from '../../lib/process/process-notices.js';
import type { Notice } from '../../lib/notice.js';
import { logged, type Line } from '../logging/logged.js';

const plain = new Error('pool is gone');

describe('a notice of the process', () => {
  test.each<[string, Notice, Line]>([
    [
      'there are two copies',
      secondCopy(),
      {
        level: 'warn',
        text: 'Two copies of nestjs-phased-shutdown are loaded in this process. Run `npm ls nestjs-phased-shutdown`, and keep one.',
      },
    ],
    [
      'a signal comes again',
      escalated({ signal: 'SIGINT', afterMs: 2_340, abandoned: ['Pool.end', 'Outbox.flush'] }),
      { level: 'error', text: 'SIGINT again after 2.3 s: ending now. Abandoned: Pool.end, Outbox.flush.' },
    ],
    [
      'a signal comes again while nothing runs',
      escalated({ signal: 'SIGTERM', afterMs: 2_000, abandoned: [] }),
      {
        level: 'error',
        text: 'SIGTERM again after 2.0 s: ending now. No task was running: a Nest hook, or the close of a server, did not end.',
      },
    ],
    [
      'the deadline passes',
      deadlinePassed({ afterMs: 29_500, abandoned: ['Pool.end'] }),
      {
        level: 'error',
        text: 'The grace period is almost over after 29.5 s: ending now. Abandoned: Pool.end.',
      },
    ],
    [
      'the deadline passes while Nest closes a server',
      deadlinePassed({ afterMs: 29_500, abandoned: [], leftovers: ['tcp a:1 -> b:2', 'pipe'] }),
      {
        level: 'error',
        text: 'The grace period is almost over after 29.5 s: ending now. No task was running: a Nest hook, or the close of a server, did not end. Still open: tcp a:1 -> b:2; pipe.',
      },
    ],
    [
      'an exception is not caught',
      fatalError({ error: plain, origin: 'uncaughtException', second: false }),
      { level: 'error', text: 'Uncaught exception: pool is gone', stack: String(plain.stack) },
    ],
    [
      'a second rejection is not handled',
      fatalError({ error: 'no', origin: 'unhandledRejection', second: true }),
      {
        level: 'error',
        text: 'Unhandled rejection during a shutdown that another one started, ending now: no',
      },
    ],
    [
      'the process is kept alive',
      keptAlive({ afterMs: 1_000, leftovers: ['tcp listening on 0.0.0.0:3000', '1 × Timeout'] }),
      {
        level: 'error',
        text: 'The shutdown ended 1.0 s ago, but the process is kept alive by tcp listening on 0.0.0.0:3000; 1 × Timeout: ending it now.',
      },
    ],
    [
      'somebody calls process.exit()',
      cutShort({ code: 0, caller: 'end (/app/sdk.js:3:1)', abandoned: ['Pool.end'] }),
      {
        level: 'error',
        text: 'The process exits with code 0 before the shutdown has finished, called at end (/app/sdk.js:3:1). Abandoned: Pool.end.',
      },
    ],
    [
      'the process exits by itself',
      cutShort({ code: 1, caller: undefined, abandoned: [] }),
      {
        level: 'error',
        text: 'The process exits with code 1 before the shutdown has finished. No task was running: a Nest hook, or the close of a server, did not end.',
      },
    ],
    [
      'the process is kept alive by something unknown',
      keptAlive({ afterMs: 1_000, leftovers: [] }),
      {
        level: 'error',
        text: 'The shutdown ended 1.0 s ago, but the process is kept alive by something that Node does not name: ending it now.',
      },
    ],
  ])('%s', (_, notice, line) => {
    expect(logged(notice)).toEqual(line);
  });
});
