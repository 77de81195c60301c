import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { listLeftovers, sumUp, type LoopHandle } from './leftovers.js';
import { keepFromEnding, watchWrites, writeBounded } from './process-output.js';
import type { ProcessPort } from './process-port.js';

/** These end or stop a process whatever it listens to. */
const UNCATCHABLE = new Set(['SIGKILL', 'SIGSTOP']);

/** The process that we run in. No other file touches `process`. */
export const nodeProcess: ProcessPort = {
  platform: {
    inKubernetes: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
    defaultSignals: [
      'SIGTERM',
      'SIGINT',
      'SIGHUP',
      'SIGQUIT',
      ...(process.platform === 'win32' ? ['SIGBREAK'] : []),
    ],
    knownSignals: Object.keys(constants.signals).filter((signal) => !UNCATCHABLE.has(signal)),
  },
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  onMessage: (listener) => {
    process.on('message', listener);
    return () => void process.off('message', listener);
  },
  onFatalError: (origin, listener) => {
    process.on(origin, listener);
    return () => void process.off(origin, listener);
  },
  onExit: (listener) => {
    process.on('exit', listener);
    return () => void process.off('exit', listener);
  },
  signalNumber: (signal) => new Map(Object.entries(constants.signals)).get(signal) ?? 0,
  raise: (signal) => {
    process.kill(process.pid, signal);
  },
  endWhenIdle: (code) => {
    process.exitCode = code;
    // In front of the others, to see what they still begin.
    process.prependOnceListener('beforeExit', exitUnlessBusy);
  },
  exit: (code) => process.exit(code),
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
  listenerCount: (signal) => process.listenerCount(signal),
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
  return listLeftovers(libuv, { resources: process.getActiveResourcesInfo(), workers: workers.length });
}

/**
 * Nothing is left to do: leaves at once, since Node would first take its heap apart, which takes longer than all
 * that went before. Where another listener has begun something, Node ends the process when that has ended.
 */
function exitUnlessBusy(): void {
  const idle = String(process.getActiveResourcesInfo());
  setImmediate(() => {
    if (String(process.getActiveResourcesInfo()) === idle) process.exit();
  });
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
