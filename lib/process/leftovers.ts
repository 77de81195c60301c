/** A handle of the event loop, as listed in Node's diagnostic report. */
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

/** What Node reports about a process besides the handles of its event loop. */
export interface ProcessResources {
  /** The result of `process.getActiveResourcesInfo()`: the kinds of referenced resources, one entry per resource. */
  readonly resources: readonly string[];
  /** The number of worker threads, referenced or not. */
  readonly workers: number;
  /** The file descriptor of the channel to the parent process. */
  readonly channel?: number | undefined;
}

const WORKER = 'worker thread';
const MESSAGE_PORT = 'MessagePort';

/** Kinds that the diagnostic report omits, or lists without any detail. */
const UNNAMED_KINDS: ReadonlySet<string> = new Set([
  'Timeout',
  'Immediate',
  MESSAGE_PORT,
  'FSReqCallback',
  'FSReqPromise',
  'FileHandleCloseReq',
  'GetAddrInfoReqWrap',
  'GetNameInfoReqWrap',
]);

/** The runtime's own handles. Timers and immediates are counted by kind; ports and workers are counted separately. */
const RUNTIME_HANDLES: ReadonlySet<string> = new Set(['loop', 'async', 'timer', 'idle', 'check', 'prepare']);

const STANDARD_STREAMS: readonly string[] = ['stdin', 'stdout', 'stderr'];

/**
 * Lists what keeps a process alive, one entry per resource: by address, pid or path if the diagnostic report has it,
 * otherwise by kind. Thread pool work that Node does not list (`crypto`, `zlib`, native modules) is missing.
 */
export function listLeftovers(
  handles: readonly LoopHandle[],
  { resources, workers, channel }: ProcessResources,
): readonly string[] {
  const referenced = handles.filter(({ is_active, is_referenced }) => is_active && is_referenced);
  return [
    ...referenced.filter(({ type }) => !RUNTIME_HANDLES.has(type)).map((handle) => nameOf(handle, channel)),
    ...resources.filter((resource) => UNNAMED_KINDS.has(resource)).toSorted(byKind),
    ...workerEntries(referenced, resources, workers),
  ];
}

/** Condenses a list of leftovers for a reader: entries without a name of their own become a count per kind. */
export function sumUp(leftovers: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  const named: string[] = [];
  for (const each of leftovers) {
    if (each === WORKER || UNNAMED_KINDS.has(each)) counts.set(each, (counts.get(each) ?? 0) + 1);
    else named.push(each);
  }
  return [...named, ...Array.from(counts, ([kind, count]) => `${count} × ${kind}`)];
}

/** The entries of the second list that are missing from the first, with multiplicity. */
export function addedTo(before: readonly string[], now: readonly string[]): readonly string[] {
  const known = before.map(kindOf);
  return now.filter((each) => {
    const index = known.indexOf(kindOf(each));
    if (index !== -1) known.splice(index, 1);
    return index === -1;
  });
}

/** Node does not say which of several workers are referenced, so their number does not create a separate entry. */
function kindOf(leftover: string): string {
  return leftover.startsWith(WORKER) ? WORKER : leftover;
}

/**
 * The diagnostic report lists unreferenced workers like referenced ones. All referenced workers share one `async`
 * handle, which is referenced if at least one worker is. Each referenced port has a handle of its own.
 */
function workerEntries(
  referenced: readonly LoopHandle[],
  resources: readonly string[],
  workers: number,
): readonly string[] {
  const ports = resources.filter((resource) => resource === MESSAGE_PORT).length;
  const others = referenced.filter(({ type }) => type === 'async').length - ports;
  if (workers === 0 || others <= 0) return [];
  return [workers === 1 ? WORKER : `${WORKER}s (at least 1 of ${workers}; Node does not say which)`];
}

function byKind(one: string, other: string): number {
  return [...UNNAMED_KINDS].indexOf(one) - [...UNNAMED_KINDS].indexOf(other);
}

function nameOf(
  { type, fd, pid, filename, localEndpoint, remoteEndpoint }: LoopHandle,
  channel: number | undefined,
): string {
  const stream = fd === undefined ? undefined : STANDARD_STREAMS[fd];
  if (stream !== undefined) return stream;
  if (fd !== undefined && fd === channel) return 'the channel to the parent process';
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
