/** The messages of an instance. */
export type InstanceMessage =
  | { readonly kind: 'listening' }
  /** The first request has arrived: nginx uses the instance. */
  | { readonly kind: 'found' }
  /** Every request has a response. */
  | { readonly kind: 'drained'; readonly taken: number };

/** What the clients have counted since the last question, or at the end. */
export interface Counted {
  readonly sent: number;
  readonly ok: number;
  /** The orders among the requests that are ok. They must not be sent twice. */
  readonly orders: number;
  /** Requests that nginx sent to a second instance, since the first one refused the connection. */
  readonly movedOn: number;
  readonly slowestMs: number;
  /** One text for each failed request. */
  readonly failures: readonly string[];
}

export type LoadMessage =
  | { readonly kind: 'counted'; readonly counted: Counted }
  | { readonly kind: 'stopped'; readonly counted: Counted };

/** The questions to the clients. */
export type LoadQuestion = 'count' | 'stop';
