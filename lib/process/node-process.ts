import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { onClusterDisconnect } from './cluster-worker.js';
import { listLeftovers, sumUp, type LoopHandle } from './leftovers.js';
import { keepFromEnding, watchWrites, writeBounded } from './process-output.js';
import { RemovedListeners } from './removed-listeners.js';
import type { ProcessPort } from './process-port.js';

/** These end or stop a process whatever it listens to. */
const UNCATCHABLE = new Set(['SIGKILL', 'SIGSTOP']);

const removedListeners = new RemovedListeners(process);

/** The process that we run in. No other file touches `process`. */
export const nodeProcess: ProcessPort = {
  platform: {
    inKubernetes: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
    defaultSignals: [
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      'SIGABRT',
      // Where somebody listens by now, it is Node for a report or a heap snapshot, or has another meaning here.
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
    // A code other than 0 says more than ours; 0 says that all went well, which ours may know better.
    if (Number(process.exitCode ?? 0) === 0) process.exitCode = code;
  },
  endWhenIdle: (onIdle) => {
    // A listener of messages keeps it open, also one of node:cluster or a process manager.
    throughChannel((channel) => channel.unref());
    process.once('beforeExit', onIdle);
    process.on('exit', leaveAtOnce);
  },
  exit: (code) => {
    // Given `undefined`, it would forget the code that is set.
    if (code !== undefined) process.exitCode = code;
    process.exit();
  },
  // Where it is a pipe or a socket, the stream of Node makes it non-blocking.
  writeLine: (line) => writeBounded(`${line}\n`, () => void process.stderr),
  isWritten: (log) => {
    const watched = standardOutputs().map((output) => ({ output, ...watchWrites(output) }));
    try {
      log();
    } finally {
      for (const { stop } of watched) stop();
    }
    const used = watched.filter(({ isUsed }) => isUsed());
    // What waits in a stream is lost where the process exits now.
    return used.length > 0 && used.every(({ output }) => output.writableLength === 0 && !output.errored);
  },
  keepWriting: () => {
    for (const output of standardOutputs()) keepFromEnding(output);
  },
  ancestors: () => ancestorsOf(process.pid),
  listenerCount: (signal) => process.listenerCount(signal) + removedListeners.count(signal),
  leftovers: () => sumUp(keepingAlive()),
};

/** Node makes them as they are asked for, which fails where the process has none. */
function standardOutputs(): readonly NodeJS.WriteStream[] {
  try {
    return [process.stdout, process.stderr];
  } catch {
    return [];
  }
}

/** What keeps the process alive at this moment, one entry for each. */
export function keepingAlive(): readonly string[] {
  const { libuv, workers } = diagnosticReport();
  return listLeftovers(libuv, {
    resources: process.getActiveResourcesInfo(),
    workers: workers.length,
    channel: throughChannel((channel) => Number(Reflect.get(channel, 'fd'))),
  });
}

/** A test runner may show its tests a copy of the process, whose channel cannot be used. */
function throughChannel<T>(use: (channel: NonNullable<typeof process.channel>) => T): T | undefined {
  try {
    return process.channel ? use(process.channel) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Leaves at once where Node has found that nothing is left to do: it would first take its heap apart, which takes
 * longer than all that went before. A listener that comes after this one would be skipped, so then Node does it.
 */
function leaveAtOnce(): void {
  if (process.listeners('exit').at(-1) === leaveAtOnce) process.exit();
}

/** Nothing else tells a signal of our own from one that comes from outside. */
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
    // Somebody may have put another one in its place meanwhile, which still calls this one.
    if (process.kill === kill) process.kill = original;
  };
}

function nameOfSignal(signal: string | number): string {
  if (typeof signal === 'string') return signal;
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}

/** `process.exit()` calls its listeners before it returns, so its caller is on the stack. */
function callerOfExit(): string | undefined {
  // An application may have its stacks made into something that is not a text.
  const frames = String(new Error('exit').stack).split('\n');
  const call = frames.findIndex((frame) => /\bprocess\.(?:exit|reallyExit)\b/.test(frame));
  const caller = call === -1 ? undefined : frames.slice(call + 1).find((frame) => !frame.includes('(node:'));
  return caller?.trim().replace(/^at /, '');
}

/** Linux tells of each process by a file; a process that ends meanwhile, or another platform, ends the search. */
function ancestorsOf(pid: number): readonly string[] | undefined {
  const commands: string[] = [];
  try {
    for (let child = pid; child !== 1;) {
      const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]);
      // Of a process outside the container nothing is to be seen.
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
  // Otherwise Node looks up the name of every address, which may take longer than is left.
  Reflect.set(process.report, 'excludeNetwork', true);
  try {
    // The documented shape of the report, which its typings leave open.
    return process.report.getReport() as unknown as DiagnosticReport;
  } finally {
    Reflect.set(process.report, 'excludeNetwork', before);
  }
}
