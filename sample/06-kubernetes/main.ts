// The application of the Deployment in this folder: what the container runs, with its options and its probes.
// Run it: npm run build && npx tsc -p sample && node build/sample/06-kubernetes/main.js, and stop it with Ctrl-C.
// Expect: the plan, and after the signal five seconds in which it still serves, then the timeline.
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
// In a container it has to listen on the address of the pod: the Deployment says HOST=0.0.0.0.
await app.listen(process.env['PORT'] ?? 3000, process.env['HOST'] ?? '127.0.0.1');
