import { Server } from 'node:net';
import type { ShutdownFeature } from '../feature.js';
import type { HttpDrain } from './http-drain.js';

/** Drains the HTTP servers of the app, and leaves the upgraded sockets to the features that own them. */
export function httpDrain(
  drain: HttpDrain,
  {
    server,
    others,
  }: { readonly server: () => object | undefined; readonly others: readonly ShutdownFeature[] },
): ShutdownFeature {
  return {
    prepare: () => {
      const own = server();
      if (own instanceof Server) drain.watch(own);
      else if (own !== undefined) drain.refuse();
      for (const { sockets } of others) if (sockets !== undefined) drain.leaveTo(sockets);
      return drain.tasks();
    },
    asked: (methods) => drain.asked(methods),
    observe: (event) => {
      if (event.type === 'run-finished') drain.runEnded();
    },
  };
}
