// Holds the numbers of the manifests against the plan of the application, and stops it as a kubelet does.
// Run it: npm run build && npx tsc -p sample && node build/sample/06-kubernetes/check.js
// Expect: a sum for each number, then what the probes said second by second, and the exit code 0.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdown } from 'nestjs-phased-shutdown';
import { AppModule, SHUTDOWN } from './app.module.js';
import { Yaml } from './yaml.js';

/** Milliseconds that are kept for the end of the process when the plan has run. */
const RESERVE = 1_000;
const START_LIMIT = 10_000;
const URL_OF_APP = 'http://127.0.0.1:8461';

const read = (path: string): string =>
  readFileSync(new URL(`../../../sample/06-kubernetes/${path}`, import.meta.url), 'utf8');
const deployment = new Yaml(read('manifests/deployment.yaml'));
const probes = {
  startup: deployment.under('startupProbe'),
  readiness: deployment.under('readinessProbe'),
  liveness: deployment.under('livenessProbe'),
};

await checkNumbers();
await checkProbes();

async function checkNumbers(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.init();
  const { phases, ms } = app.get(GracefulShutdown).plan().longestPath;
  await app.close();

  const grace = deployment.number('terminationGracePeriodSeconds') * 1_000;
  const sum = phases.map(({ name, timeout }) => `${name} ${timeout}`).join(' + ');
  check(ms + RESERVE === grace, `${sum} + ${RESERVE} = ${grace} ms of terminationGracePeriodSeconds`);
  check(SHUTDOWN.gracePeriod === grace, `gracePeriod ${SHUTDOWN.gracePeriod} says the same`);

  const { shutdownDelay } = SHUTDOWN;
  const period = probes.readiness.number('periodSeconds');
  const threshold = probes.readiness.number('failureThreshold');
  const timeout = probes.readiness.number('timeoutSeconds');
  check(
    (period * threshold + timeout) * 1_000 <= shutdownDelay,
    `${period} s x ${threshold} + ${timeout} s of the readiness probe fit the shutdownDelay ${shutdownDelay}`,
  );
  const minReady = deployment.number('minReadySeconds') * 1_000;
  check(minReady >= shutdownDelay, 'minReadySeconds is as long as the shutdownDelay');

  const budget = new Yaml(read('manifests/pod-disruption-budget.yaml'));
  const replicas = deployment.number('replicas');
  check(budget.number('maxUnavailable') < replicas, `an eviction leaves some of the ${replicas} replicas`);
  check(deployment.number('maxUnavailable') === 0, 'a rollout leaves all of them');
  const pods = deployment.under('selector').text('app');
  const service = new Yaml(read('manifests/service.yaml'));
  check(service.text('app') === pods && budget.text('app') === pods, 'Service and budget mean its pods');
  check(/^CMD \["node", "[^"]+"\]$/m.test(read('Dockerfile')), 'the image starts node itself');
}

/** What `kubectl delete pod` does to the container, with the paths of the manifest. */
async function checkProbes(): Promise<void> {
  const { readiness, liveness } = SHUTDOWN.probes;
  check(probes.startup.text('path') === liveness, `the startup probe asks ${liveness}`);
  check(probes.readiness.text('path') === readiness, `the readiness probe asks ${readiness}`);
  check(probes.liveness.text('path') === liveness, `the liveness probe asks ${liveness}`);

  const { port, hostname } = new URL(URL_OF_APP);
  const app = fork(new URL('main.js', import.meta.url), {
    env: { ...process.env, PORT: port, HOST: hostname },
    silent: true,
  });
  process.once('exit', () => app.kill('SIGKILL'));
  const exit = once(app, 'exit');
  const until = Date.now() + START_LIMIT;
  while ((await status(readiness)) !== 200 && Date.now() < until) await sleep(50);

  console.log('\nsecond  readiness  liveness  requests');
  await look(0, { readiness: 200, liveness: 200, requests: 200 });
  const signalAt = Date.now();
  app.kill('SIGTERM');
  for (let second = 1; second * 1_000 < SHUTDOWN.shutdownDelay; second += 1) {
    await sleep(signalAt + second * 1_000 - Date.now());
    await look(second, { readiness: 503, liveness: 200, requests: 200 });
  }
  const [code] = await exit;
  const took = Date.now() - signalAt;
  check(code === 0, `ended ${took} ms after SIGTERM with the exit code ${code}`);
}

interface Seen {
  readonly readiness: unknown;
  readonly liveness: unknown;
  readonly requests: unknown;
}

async function look(second: number, expected: Seen): Promise<void> {
  const { readiness, liveness } = SHUTDOWN.probes;
  const seen = [await status(readiness), await status(liveness), await status('/')];
  const isGood = seen.join() === [expected.readiness, expected.liveness, expected.requests].join();
  check(isGood, `${String(second).padStart(3)}  ${seen.map((each) => String(each).padStart(9)).join(' ')}`);
}

/** The status of the answer; `undefined` where there is none. */
async function status(path: string): Promise<number | undefined> {
  const response = await fetch(URL_OF_APP + path, { signal: AbortSignal.timeout(1_000) }).catch(
    () => undefined,
  );
  await response?.body?.cancel();
  return response?.status;
}

function check(holds: boolean, what: string): void {
  console.log(`${holds ? 'ok ' : 'NOT'} ${what}`);
  if (!holds) process.exitCode = 1;
}
