// The app of the Deployment in this folder, with its options and its probes.
// Run it: npm run build && npx tsc -p sample && node build/sample/06-kubernetes/main.js, and stop it with Ctrl-C.
// Expect: the plan. After the signal the app serves for its `shutdownDelay`, then the timeline.
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule } from './app.module.js';

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
// In a container it must listen on the address of the pod: the Deployment sets HOST=0.0.0.0.
await app.listen(process.env['PORT'] ?? 3000, process.env['HOST'] ?? '127.0.0.1');
