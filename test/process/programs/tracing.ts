// Follows a shutdown in the way that is asked for, and throws at everything that it is told.
import { NestFactory } from '@nestjs/core';
import {
  GracefulShutdown,
  SHUTDOWN_CHANNELS,
  enableGracefulShutdown,
  traceShutdown,
} from 'nestjs-phased-shutdown';
import { flag, said, say, sayingLogger, scene } from './scene.js';

const fail = (): never => {
  throw new Error('careless');
};

const app = enableGracefulShutdown(
  await NestFactory.createApplicationContext(scene({ logger: sayingLogger }), { logger: false }),
);
const shutdown = app.get(GracefulShutdown);

if (flag('helper')) traceShutdown({ started: fail, ended: fail });
if (flag('events')) {
  shutdown.events$.subscribe(fail);
  shutdown.draining$.subscribe(fail);
}
if (flag('channel')) {
  process.on('uncaughtException', ({ message }) => said.emit('uncaught', message));
  SHUTDOWN_CHANNELS.run.start.subscribe(fail);
}
let uncaught = 0;
said.on('uncaught', () => (uncaught += 1));

process.kill(process.pid, 'SIGTERM');
const { outcome } = await shutdown.finished;
// What is thrown later than it is told comes with the next turn.
setImmediate(() => say(`${outcome}, ${uncaught} uncaught`));
