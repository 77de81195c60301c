import type { Notice } from '../notice.js';
import { finding } from './finding.js';

/** Fires when `app.enableShutdownHooks()` is called in an app with `enableGracefulShutdown(app)`. */
export function hooksBeside(): Notice {
  return finding(
    'hooks-beside',
    'app.enableShutdownHooks() is called in addition to enableGracefulShutdown(app), which replaces it: remove the call. The option `signals` lists the signals that start the shutdown.',
  );
}
