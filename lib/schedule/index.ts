export { drainSchedules, type ScheduleDrainOptions } from './drain-schedules.js';
