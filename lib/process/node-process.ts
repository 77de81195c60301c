import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { onClusterDisconnect } from './cluster-worker.js';
import { listLeftovers, sumUp, type LoopHandle } from './leftovers.js';
import { keepFromEnding, watchWrites, writeBounded } from './process-output.js';
import { RemovedListeners } from './removed-listeners.js';
import type { ProcessPort } from './process-port.js';

/** No process can listen to these signals. */
const UNCATCHABLE = new Set(['SIGKILL', 'SIGSTOP']);

const removedListeners = new RemovedListeners(process);

/** The real process. No other file touches `process`. */
export const nodeProcess: ProcessPort = {
  platform: {
    inKubernetes: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
    defaultSignals: [
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      'SIGABRT',
      // If SIGUSR2 already has a listener, it is Node's, for a report or heap snapshot, or the signal has another
      // meaning here.
      ...(process.platform === 'win32' || process.listenerCount('SIGUSR2') > 0 ? [] : ['SIGUSR2']),
      ...(process.platform === 'win32' ? ['SIGBREAK'] : []),
    ],
    knownSignals: Object.keys(constants.signals).filter((signal) => !UNCATCHABLE.has(signal)),
  },
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    const unwatch = removedListeners.watch();
    return () => {
      unwatch();
      process.off(signal, listener);
    };
  },
  onMessage: (listener) => {
    process.on('message', listener);
    return () => void process.off('message', listener);
  },
  onFatalError: (origin, listener) => {
    process.on(origin, listener);
    return () => void process.off(origin, listener);
  },
  onBeforeExit: (listener) => {
    process.on('beforeExit', listener);
    return () => void process.off('beforeExit', listener);
  },
  onDisconnect: onClusterDisconnect,
  onOwnSignal,
  onExit: (listener) => {
    const onExit = (code: number): void => listener({ code, caller: callerOfExit() });
    process.on('exit', onExit);
    return () => void process.off('exit', onExit);
  },
  signalNumber: (signal) => new Map(Object.entries(constants.signals)).get(signal) ?? 0,
  raise: (signal) => {
    process.kill(process.pid, signal);
  },
  setExitCode: (code) => {
    // A nonzero code of the application is more specific than ours. A zero is not: our shutdown may have failed.
    if (Number(process.exitCode ?? 0) === 0) process.exitCode = code;
  },
  endWhenIdle: (onIdle) => {
    // A message listener keeps the channel open, including those of node:cluster and of process managers.
    throughChannel((channel) => channel.unref());
    process.once('beforeExit', onIdle);
    process.on('exit', leaveAtOnce);
  },
  exit: (code) => {
    // `process.exit(undefined)` would discard the exit code that is already set.
    if (code !== undefined) process.exitCode = code;
    process.exit();
  },
  // If standard error is a pipe or a socket, accessing Node's stream makes it non-blocking.
  writeLine: (line) => writeBounded(`${line}\n`, () => void process.stderr),
  isWritten: (log) => {
    const watched = standardOutputs().map((output) => ({ output, ...watchWrites(output) }));
    try {
      log();
    } finally {
      for (const { stop } of watched) stop();
    }
    const used = watched.filter(({ isUsed }) => isUsed());
    // Bytes buffered in a stream are lost if the process exits now.
    return used.length > 0 && used.every(({ output }) => output.writableLength === 0 && !output.errored);
  },
  keepWriting: () => {
    for (const output of standardOutputs()) keepFromEnding(output);
  },
  ancestors: () => ancestorsOf(process.pid),
  listenerCount: (signal) => process.listenerCount(signal) + removedListeners.count(signal),
  leftovers: () => sumUp(keepingAlive()),
};

/** Node creates the streams on first access, which throws if the process has none. */
function standardOutputs(): readonly NodeJS.WriteStream[] {
  try {
    return [process.stdout, process.stderr];
  } catch {
    return [];
  }
}

/** What keeps the process alive now, one entry per resource. */
export function keepingAlive(): readonly string[] {
  const { libuv, workers } = diagnosticReport();
  return listLeftovers(libuv, {
    resources: process.getActiveResourcesInfo(),
    workers: workers.length,
    channel: throughChannel((channel) => Number(Reflect.get(channel, 'fd'))),
  });
}

/** A test runner may give its tests a copy of the process whose channel is unusable. */
function throughChannel<T>(use: (channel: NonNullable<typeof process.channel>) => T): T | undefined {
  try {
    return process.channel ? use(process.channel) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Exits as soon as Node finds the loop empty. Node would otherwise tear down its heap first, which takes longer than
 * everything before. Exit listeners after this one would be skipped, so if there is one, Node exits by itself.
 */
function leaveAtOnce(): void {
  if (process.listeners('exit').at(-1) === leaveAtOnce) process.exit();
}

/** Nothing else distinguishes a signal that the process sends to itself from one sent from outside. */
function onOwnSignal(listener: (signal: string) => void): () => void {
  const original = process.kill;
  let isHeard = true;
  const kill: typeof process.kill = (pid, signal = 'SIGTERM') => {
    if (isHeard && pid === process.pid && signal !== 0) listener(nameOfSignal(signal));
    return Reflect.apply(original, process, [pid, signal]);
  };
  process.kill = kill;
  return () => {
    isHeard = false;
    // Another function may have replaced ours meanwhile and still call it.
    if (process.kill === kill) process.kill = original;
  };
}

function nameOfSignal(signal: string | number): string {
  if (typeof signal === 'string') return signal;
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}

/** `process.exit()` calls its exit listeners before it returns, so its caller is on the stack. */
function callerOfExit(): string | undefined {
  // `Error.prepareStackTrace` of the application may return something other than a string.
  const frames = String(new Error('exit').stack).split('\n');
  const call = frames.findIndex((frame) => /\bprocess\.(?:exit|reallyExit)\b/.test(frame));
  const caller = call === -1 ? undefined : frames.slice(call + 1).find((frame) => !frame.includes('(node:'));
  return caller?.trim().replace(/^at /, '');
}

/** Reads /proc, which only Linux has. A process that ends during the search ends the search. */
function ancestorsOf(pid: number): readonly string[] | undefined {
  const commands: string[] = [];
  try {
    for (let child = pid; child !== 1;) {
      const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]);
      // Processes outside the container are not visible.
      if (!(parent > 0)) return undefined;
      commands.push(readFileSync(`/proc/${parent}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
      child = parent;
    }
    return commands;
  } catch {
    return undefined;
  }
}

interface DiagnosticReport {
  readonly libuv: readonly LoopHandle[];
  readonly workers: readonly unknown[];
}

function diagnosticReport(): DiagnosticReport {
  const before: unknown = Reflect.get(process.report, 'excludeNetwork');
  // Otherwise Node resolves the host name of every address, which may take longer than the time left.
  Reflect.set(process.report, 'excludeNetwork', true);
  try {
    // Node documents this shape; its typings say `object`.
    return process.report.getReport() as unknown as DiagnosticReport;
  } finally {
    Reflect.set(process.report, 'excludeNetwork', before);
  }
}
