import type { GracefulShutdown, HttpDrain, ShutdownReport } from 'nestjs-phased-shutdown';
import { takeOver } from './hand-over.cjs';

/** What is imported in an ES module is the same type in a CommonJS module, in both directions. */
export function handOver(shutdown: GracefulShutdown, drain: HttpDrain, report: ShutdownReport): HttpDrain {
  return takeOver(shutdown, drain, report);
}
