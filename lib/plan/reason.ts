/**
 * Why the application shuts down. The first one to arrive stays; later ones are listed in the report.
 *
 * - `signal`: the process received a signal.
 * - `close`: `app.close()` was called, with the signal if Nest knew one.
 * - `request`: code asked for it through `GracefulShutdown.run()`.
 * - `message`: a parent process sent the message `shutdown`.
 * - `error`: an uncaught exception or an unhandled rejection.
 * - `dispose`: a registration was disposed, outside any run.
 */
export type ShutdownReason =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'close'; readonly signal?: string }
  | { readonly kind: 'request'; readonly message: string }
  | { readonly kind: 'message' }
  | {
      readonly kind: 'error';
      readonly error: unknown;
      readonly origin: 'uncaughtException' | 'unhandledRejection';
    }
  | { readonly kind: 'dispose' };

/** Whether somebody outside the application asked, whose clients and balancers do not know of it yet. */
export function isFromOutside({ kind }: ShutdownReason): boolean {
  return kind === 'signal' || kind === 'message';
}
