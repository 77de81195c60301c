export { drainMicroservices, type MicroserviceDrainOptions } from './drain-microservices.js';
export { retryRefused, type RetryOptions } from './retry-refused.js';
export type { PausableStrategy } from './strategy.js';
