import type { ShutdownReport } from 'nestjs-phased-shutdown';

/** The messages of the shop to the demo. */
export type ShopMessage =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'shut-down'; readonly outcome: ShutdownReport['outcome'] };

/** The message of the load to the demo, when it has stopped. */
export interface LoadMessage {
  readonly kind: 'stopped';
  readonly requests: readonly SentRequest[];
}

/** An order as the client saw it. */
export interface SentRequest {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly result:
    | { readonly kind: 'accepted'; readonly orderId: string }
    | { readonly kind: 'refused' }
    | { readonly kind: 'failed'; readonly why: string };
}
