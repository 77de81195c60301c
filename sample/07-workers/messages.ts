/** The kinds of work that come in, each in its own way. */
export const WORK = ['messages', 'jobs', 'follow-ups', 'socket calls', 'sessions', 'runs'] as const;
export type Work = (typeof WORK)[number];

/** What becomes of a piece of work, told by whoever sees it. */
export type WorkMessage =
  /** It is owed from now on: somebody sent it, or it began by itself. */
  | { readonly kind: 'sent'; readonly work: Work; readonly id: string }
  | { readonly kind: 'done'; readonly work: Work; readonly id: string }
  | { readonly kind: 'failed'; readonly work: Work; readonly why: string };

/** What an instance tells. */
export type InstanceMessage =
  | WorkMessage
  /** It takes work of every kind. */
  | { readonly kind: 'listening' }
  | { readonly kind: 'stopped'; readonly timeline: string };

/** What the load tells. */
export type LoadMessage =
  | WorkMessage
  | { readonly kind: 'started' }
  /** Nothing more is sent; that many socket calls were sent again, since their connection closed with 1001. */
  | { readonly kind: 'stopped'; readonly resent: number };
