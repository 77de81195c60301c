// One instance: node server.js <variant> <express|fastify>. It tells its parent where it listens.
import { createApplication, gate, READINESS_PATH } from './application.js';
import { VARIANTS } from './variants.js';

const [name, adapter] = process.argv.slice(2);

// Whoever started it may be gone.
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 120_000).unref();

const variant = await VARIANTS[name]();
const app = await createApplication(adapter, variant);
const { isReady, probe, listening } = variant.attach(app);
if (isReady !== undefined) gate.isReady = isReady;
await app.listen(0, '127.0.0.1');
listening?.();

const { port } = app.getHttpServer().address();
process.send({ port, probe: probe ?? { port, path: READINESS_PATH } });
// A channel to the parent is nothing that a server has to close.
process.disconnect();
