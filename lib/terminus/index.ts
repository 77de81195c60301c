export { ShutdownHealthIndicator } from './shutdown-health-indicator.js';
