// Compares the plan with the manifests, and stops the app as a kubelet does.
// Run it: npm run build && npx tsc -p sample && node build/sample/06-kubernetes/check.js
// Expect: the sum that fits, then the probes second by second, and exit code 0.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SHUTDOWN } from './app.module.js';

const START_LIMIT = 60_000;
const URL_OF_APP = 'http://127.0.0.1:8461';

const here = (path: string): string =>
  fileURLToPath(new URL(`../../../sample/06-kubernetes/${path}`, import.meta.url));
const read = (path: string): string => readFileSync(here(path), 'utf8');

checkPlan();
checkRollout();
await checkProbes();

/** What `npx phased-shutdown check dist/app.module.js --manifest deployment.yaml` does in your project. */
function checkPlan(): void {
  const command = fileURLToPath(new URL('../../../dist/esm/cli/main.js', import.meta.url));
  const module = fileURLToPath(new URL('app.module.js', import.meta.url));
  const { status: exitCode, stdout } = spawnSync(
    process.execPath,
    [command, 'check', module, '--manifest', here('manifests/deployment.yaml')],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  console.log(stdout);
  check(exitCode === 0, 'the plan fits the Deployment');
}

/** The values in the manifests that must match each other, whatever the plan. */
function checkRollout(): void {
  const { spec } = parse(read('manifests/deployment.yaml'));
  const { spec: budget } = parse(read('manifests/pod-disruption-budget.yaml'));
  const { spec: service } = parse(read('manifests/service.yaml'));
  const { terminationGracePeriodSeconds: grace, containers } = spec.template.spec;
  const { startupProbe } = containers[0];
  const { shutdownDelay, gracePeriod, probes } = SHUTDOWN;
  check(gracePeriod === grace * 1_000, `gracePeriod ${gracePeriod} says the same as ${grace} s of the pod`);
  check(startupProbe.httpGet.path === probes.liveness, `the startup probe asks ${probes.liveness}`);
  check(spec.minReadySeconds * 1_000 >= shutdownDelay, 'minReadySeconds is as long as the shutdownDelay');
  check(budget.maxUnavailable < spec.replicas, `an eviction leaves some of the ${spec.replicas} replicas`);
  check(spec.strategy.rollingUpdate.maxUnavailable === 0, 'a rollout leaves all of them');
  const pods: unknown = spec.selector.matchLabels.app;
  const means = [service.selector.app, budget.selector.matchLabels.app];
  check(
    means.every((each) => each === pods),
    'Service and budget mean its pods',
  );
  check(/^CMD \["node", "[^"]+"\]$/m.test(read('Dockerfile')), 'the image starts node itself');
}

/** Does to the process what `kubectl delete pod` does to the container, with the paths of the manifest. */
async function checkProbes(): Promise<void> {
  const { readiness } = SHUTDOWN.probes;
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

/** The status of the response, or `undefined` without a response. */
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
