/** A handle of the event loop, as the diagnostic report of Node lists it. */
export interface LoopHandle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced: boolean;
  readonly fd?: number;
  readonly pid?: number;
  readonly filename?: string;
  readonly localEndpoint?: Endpoint | null;
  readonly remoteEndpoint?: Endpoint | null;
}

interface Endpoint {
  readonly host?: string;
  readonly ip4?: string;
  readonly ip6?: string;
  readonly port: number;
}

const WORKER = 'worker thread';

/** Kinds that Node counts apart from the handles of the loop, and names no better. */
const UNNAMED_KINDS = ['Timeout', 'Immediate'];

/**
 * What keeps a process alive, one entry for each: handles by their address, pid or path from the diagnostic
 * report, and timers and workers, which the report does not list, by their kind.
 */
export function listLeftovers(
  handles: readonly LoopHandle[],
  { resources, workers }: { readonly resources: readonly string[]; readonly workers: number },
): readonly string[] {
  return [
    ...handles.filter(keepsAlive).map(nameOf),
    ...UNNAMED_KINDS.flatMap((kind) => resources.filter((resource) => resource === kind)),
    ...Array.from({ length: workers }, () => WORKER),
  ];
}

/** The entries of a list of leftovers for a reader: those that have no name of their own by their number. */
export function sumUp(leftovers: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  const named: string[] = [];
  for (const each of leftovers) {
    if (each === WORKER || UNNAMED_KINDS.includes(each)) counts.set(each, (counts.get(each) ?? 0) + 1);
    else named.push(each);
  }
  return [...named, ...Array.from(counts, ([kind, count]) => `${count} × ${kind}`)];
}

function keepsAlive({ type, is_active, is_referenced, fd }: LoopHandle): boolean {
  const isStandardStream = fd !== undefined && fd >= 0 && fd <= 2;
  // The report names every loop and every worker's port; a worker is counted apart.
  const isOfTheRuntime = type === 'loop' || type === 'async' || type === 'timer';
  return is_active && is_referenced && !isStandardStream && !isOfTheRuntime;
}

function nameOf({ type, pid, filename, localEndpoint, remoteEndpoint }: LoopHandle): string {
  const details = [
    localEndpoint && remoteEndpoint ? `${address(localEndpoint)} -> ${address(remoteEndpoint)}` : undefined,
    localEndpoint && !remoteEndpoint ? `listening on ${address(localEndpoint)}` : undefined,
    pid === undefined ? undefined : `pid ${pid}`,
    filename,
  ].filter((detail) => detail !== undefined);
  return [type, ...details].join(' ');
}

function address({ host, ip4, ip6, port }: Endpoint): string {
  return `${ip4 ?? ip6 ?? host ?? ''}:${port}`;
}
