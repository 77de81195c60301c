/** What an instance of the shop tells. */
export type InstanceMessage =
  | { readonly kind: 'listening' }
  /** The first request has come: nginx has found it. */
  | { readonly kind: 'found' }
  /** Everything is answered. */
  | { readonly kind: 'drained'; readonly taken: number };

/** What the clients have counted since they were last asked, or at the end of all. */
export interface Counted {
  readonly sent: number;
  readonly ok: number;
  /** Of those that are ok: the orders, which nobody may send twice. */
  readonly orders: number;
  /** Requests that nginx took to a second instance, since the first one refused the connection. */
  readonly movedOn: number;
  readonly slowestMs: number;
  /** What the others saw, one text each. */
  readonly failures: readonly string[];
}

export type LoadMessage =
  | { readonly kind: 'counted'; readonly counted: Counted }
  | { readonly kind: 'stopped'; readonly counted: Counted };

/** What the clients are asked. */
export type LoadQuestion = 'count' | 'stop';
