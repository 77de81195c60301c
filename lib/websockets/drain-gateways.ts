import type { ShutdownFeatureFactory } from '../feature.js';
import { isMethod, isObject, memberOf } from '../nest/members.js';
import type { ShutdownTask } from '../plan/task.js';
import { BoundServers } from './bound-servers.js';
import { GatewayClients } from './gateway-clients.js';
import { GatewayDrain } from './gateway-drain.js';
import { readGatewayOptions, type GatewayDrainOptions } from './gateway.options.js';
import { adapterOf, followGateways, hasGateways, type GatewayFollower } from './gateway-seams.js';

/**
 * Drains the gateways of the app, on `ws` and on socket.io, on its port and on ports of their own. New clients are
 * refused. Connected clients are closed one after the other, each after its pending replies, and `handleDisconnect`
 * is awaited. Nest closes the servers at the end.
 *
 * @throws ShutdownConfigurationError at boot, if an option is invalid
 */
export function drainGateways(options: GatewayDrainOptions = {}): ShutdownFeatureFactory {
  return (application) => {
    const { modules, config, clock, notify, watch, isInitialised } = application;
    const settings = readGatewayOptions(options, application);
    const clients = new GatewayClients(clock);
    const servers = new BoundServers({ notify, watch });
    const drain = new GatewayDrain(clients, servers, { settings, clock });
    followGateways(application, {
      onAdapter: (adapter) => servers.follow(adapter, { clients, streams: settings.streams }),
      onLifecycle: awaitedBy(clients, drain),
    });
    const task: ShutdownTask = {
      name: 'GatewayDrain',
      phase: settings.phase,
      inFlight: () => drain.items,
      run: (context) => {
        if (isInitialised()) servers.check(adapterOf(config));
        return drain.run(context);
      },
    };
    return {
      // `enableGracefulShutdown(app)` makes the plan before Nest binds the gateways, or even has an adapter.
      prepare: () => (hasGateways(modules) ? [task] : []),
      sockets: () => servers.sockets,
    };
  };
}

/** Nest drops the promises of `handleConnection` and `handleDisconnect`, so we count them for their client. */
function awaitedBy(clients: GatewayClients, drain: GatewayDrain): GatewayFollower['onLifecycle'] {
  return ({ method, socket, proceed }) => {
    const result = proceed();
    const client = clients.known(socket);
    if (client === undefined || !isObject(result) || !isMethod(memberOf(result, 'then'))) return result;
    const end = client.begin(method);
    void Promise.resolve(result).then(end, (error: unknown) => {
      end();
      // Outside the drain it stays an unhandled rejection, as without us.
      if (drain.failed(error) === 'not ours') throw error;
    });
    return result;
  };
}
