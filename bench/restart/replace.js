import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of load before the signal: by then most connections have a slow request in flight. */
const WARM_UP = 2_000;
/** Milliseconds after the exit in which clients may still run into something. */
const AFTERMATH = 200;
/** Milliseconds from the signal after which an instance has hung, also if a timeout of its own then ends it. */
const EXIT_LIMIT = 10_000;

/** Replaces an instance by another under load, and tells what the clients saw and how the instance ended. */
export async function replace({ variant, adapter, kind, slowShare }) {
  const programs = [];
  const start = (file, args) => {
    const program = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    programs.push(program);
    return program;
  };
  try {
    const servers = (kind === 'moved' ? ['old', 'new'] : ['old']).map(() =>
      start('server.js', [variant, adapter]),
    );
    const instances = await Promise.all(servers.map(instanceOf));
    const load = start('load.js', [JSON.stringify({ kind, instances, slowShare })]);
    await toldBy(load);
    // Clients that stay end by themselves, before or after the instance.
    const [seen, end] = await Promise.all([toldBy(load), restart(servers[0], load)]);
    return resultOf(seen, end);
  } finally {
    for (const program of programs) program.kill('SIGKILL');
  }
}

async function restart(server, load) {
  await sleep(WARM_UP);
  const end = await stop(server);
  await sleep(AFTERMATH);
  if (load.connected) load.send('stop');
  return end;
}

async function instanceOf(server) {
  const { port, probe } = await toldBy(server);
  return { url: `http://127.0.0.1:${port}`, probeUrl: `http://127.0.0.1:${probe.port}${probe.path}` };
}

async function toldBy(program) {
  const ended = new AbortController();
  program.once('exit', (code) => ended.abort(new Error(`${program.spawnargs.at(-1)} ended with ${code}`)));
  const [message] = await once(program, 'message', { signal: ended.signal });
  return message;
}

/** Sends SIGTERM and waits for the end. */
async function stop(server) {
  const signalAt = Date.now();
  const killer = setTimeout(() => server.kill('SIGKILL'), EXIT_LIMIT);
  server.kill('SIGTERM');
  const [code, signal] = await once(server, 'exit');
  clearTimeout(killer);
  const exitAt = Date.now();
  return { signalAt, exitAt, hung: exitAt - signalAt >= EXIT_LIMIT, exit: signal ?? code };
}

function resultOf({ failures, lastResponseAt, ...counts }, { signalAt, exitAt, hung, exit }) {
  const broken = failures.filter(({ status }) => status === undefined);
  return {
    ...counts,
    failed: failures.length,
    failures: failures.map((failure) => ({
      ...failure,
      sentAt: failure.sentAt - signalAt,
      at: failure.at - signalAt,
    })),
    brokenUsed: broken.filter(({ reused }) => reused).length,
    brokenFresh: broken.filter(({ reused }) => !reused).length,
    hung,
    exit,
    exitMs: exitAt - signalAt,
    afterLastMs: exitAt - lastResponseAt,
  };
}
