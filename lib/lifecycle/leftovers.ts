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

/** Kinds that Node counts apart from the handles of the loop, and names no better. */
const UNNAMED_KINDS = ['Timeout', 'Immediate'];

/**
 * Names what keeps a process alive: handles with their address, pid or path from the diagnostic report,
 * and timers, which the report does not list, by their number.
 */
export function nameLeftovers(
  handles: readonly LoopHandle[],
  { resources, workers }: { readonly resources: readonly string[]; readonly workers: number },
): readonly string[] {
  const named = handles.filter(keepsAlive).map(nameOf);
  const counted = UNNAMED_KINDS.flatMap((kind) => {
    const count = resources.filter((resource) => resource === kind).length;
    return count === 0 ? [] : [`${count} × ${kind}`];
  });
  return [...named, ...counted, ...(workers === 0 ? [] : [`${workers} × worker thread`])];
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
