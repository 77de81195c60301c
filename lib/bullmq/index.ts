export { drainWorkers, type WorkerDrainOptions } from './drain-workers.js';
