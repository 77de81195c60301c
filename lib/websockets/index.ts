export { drainGateways } from './drain-gateways.js';
export type { GatewayDrainOptions, GatewayEvent } from './gateway.options.js';
