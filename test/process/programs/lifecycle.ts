// node lifecycle.js <kind> <closing> [flags]: starts an application of the kind and closes it in that way.
// Flags: alone (without enableGracefulShutdown), hooks-before, hooks-after (enableShutdownHooks before or
// after it), during-init (closes while it starts), in-two-steps (init() and then listen()), late (runAt: 'before-application-shutdown').
import { once } from 'node:events';
import type { INestApplicationContext } from '@nestjs/common';
import { enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { KINDS } from './kinds.js';
import { flag, LeafModule, said, say, scene } from './scene.js';

const CLOSINGS: Readonly<Record<string, (app: INestApplicationContext) => Promise<unknown>>> = {
  // The test sends it.
  signal: () => Promise.resolve(),
  close: (app) => app.close(),
  'close-twice-at-once': (app) => Promise.all([app.close(), app.close()]),
  'close-twice-in-turn': async (app) => {
    await app.close();
    await app.close();
  },
  'select-close': (app) => app.select(LeafModule).close(),
  'await-using': async (app) => {
    await using held = enableGracefulShutdown(app);
    say(`holds ${held === app ? 'the application' : 'something else'}`);
  },
  'signal-and-close': (app) => {
    process.kill(process.pid, 'SIGTERM');
    return app.close();
  },
};

const [kind = '', closing = ''] = process.argv.slice(2);
const make = KINDS[kind];
const close = CLOSINGS[closing];
if (make === undefined || close === undefined) throw new Error(`Unknown: ${kind} ${closing}`);

const { app, start, servers } = await make(
  scene(flag('late') ? { runAt: 'before-application-shutdown' } : {}),
);
if (flag('hooks-before')) app.enableShutdownHooks();
if (!flag('alone')) enableGracefulShutdown(app);
if (flag('hooks-after')) app.enableShutdownHooks();

const sayServers = (): void => {
  for (const [name, server] of Object.entries(servers()))
    say(`${name} ${server.listening ? 'open' : 'closed'}`);
};
said.once('P)', sayServers);
process.once('exit', sayServers);

const initialised = flag('in-two-steps') ? app.init() : Promise.resolve();
const started = initialised.then(start).then(() => say('started'));
if (flag('during-init')) await once(said, 'i(');
else await started;
await close(app);
if (closing !== 'signal') say('end');
