/** The kinds of work, each from its own source. */
export const WORK = ['messages', 'jobs', 'follow-ups', 'socket calls', 'sessions', 'runs'] as const;
export type Work = (typeof WORK)[number];

/** What happens to a piece of work, reported by the process that sees it. */
export type WorkMessage =
  /** From now on it must be done: it was sent, or it began by itself. */
  | { readonly kind: 'sent'; readonly work: Work; readonly id: string }
  | { readonly kind: 'done'; readonly work: Work; readonly id: string }
  | { readonly kind: 'failed'; readonly work: Work; readonly why: string };

/** The messages of an instance. */
export type InstanceMessage =
  | WorkMessage
  /** The instance takes work of every kind. */
  | { readonly kind: 'listening' }
  | { readonly kind: 'stopped'; readonly timeline: string };

/** The messages of the load. */
export type LoadMessage =
  | WorkMessage
  | { readonly kind: 'started' }
  /** The load has stopped. `resent` socket calls were sent again, since their connection closed with 1001. */
  | { readonly kind: 'stopped'; readonly resent: number };
