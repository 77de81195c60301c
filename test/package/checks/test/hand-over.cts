import type { GracefulShutdown, HttpDrain, ShutdownReport } from 'nestjs-phased-shutdown';

/** A CommonJS module of a project, which is given what an ES module of the same project has imported. */
export function takeOver(shutdown: GracefulShutdown, drain: HttpDrain, report: ShutdownReport): HttpDrain {
  if (report.outcome === 'completed' && shutdown.report === report) return drain;
  throw new Error('The shutdown was not completed.');
}
