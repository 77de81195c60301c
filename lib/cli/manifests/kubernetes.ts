import { SIGTERM, type Grant, type GraceSetting, type ManifestProbe, type StopBy } from './grant.js';
import type { ManifestValue } from './manifest-value.js';
import { readPreStop } from './pre-stop.js';

/** The path to the pod spec, by kind of workload. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

const SETTING: GraceSetting = {
  name: 'terminationGracePeriodSeconds',
  write: (ms) => `terminationGracePeriodSeconds: ${Math.ceil(ms / 1_000)}`,
};

/** The grants of the containers in a document, which may be a List. Empty if it has no pods. */
export function kubernetesGrants(document: ManifestValue, file: string): readonly Grant[] {
  const kind = document.at('kind').text() ?? '';
  if (kind === 'List')
    return document
      .at('items')
      .items()
      .flatMap((item) => kubernetesGrants(item, file));
  const path = POD_SPECS[kind];
  if (path === undefined) return [];
  const pod = document.at(...path);
  const seconds = pod.at('terminationGracePeriodSeconds').amount('seconds');
  const name = document.at('metadata', 'name').text() ?? '(unnamed)';
  return pod
    .at('containers')
    .items()
    .map((container) => ({
      file,
      subject: `${kind} ${name}, container ${nameOf(container)}`,
      name: nameOf(container),
      platform: 'kubernetes' as const,
      setting: SETTING,
      graceMs: (seconds ?? 30) * 1_000,
      origin: seconds === undefined ? 'default' : 'written',
      ...grantOf(container),
      wrongs: [],
    }));
}

function nameOf(container: ManifestValue): string {
  return container.at('name').text() ?? '(unnamed)';
}

function grantOf(container: ManifestValue) {
  const readiness = probeOf(container, 'readinessProbe');
  const liveness = probeOf(container, 'livenessProbe');
  const words = [container.at('command').words(), container.at('args').words()];
  // Without `command`, the arguments go to the entry point of the image, which is not visible here.
  const command = words[0] === undefined ? undefined : words.filter(Boolean).join(' ');
  return {
    preStop: readPreStop(container.at('lifecycle', 'preStop')),
    stopBy: stopSignalOf(container),
    ...(readiness === undefined ? undefined : { readiness }),
    ...(liveness === undefined ? undefined : { liveness }),
    ...(command === undefined ? undefined : { command }),
  };
}

function stopSignalOf(container: ManifestValue): StopBy {
  const signal = container.at('lifecycle', 'stopSignal').text();
  return signal === undefined ? SIGTERM : { kind: 'signal', signal, setting: `stopSignal: ${signal}` };
}

/** Reads an HTTP probe. Other kinds of probes do not ask for the readiness of the application. */
function probeOf(container: ManifestValue, key: string): ManifestProbe | undefined {
  const probe = container.at(key);
  const http = probe.at('httpGet');
  if (!http.isThere) return undefined;
  return {
    path: http.at('path').text() ?? '/',
    port: portOf(http.at('port').raw, container),
    periodMs: (probe.at('periodSeconds').amount('seconds') ?? 10) * 1_000,
    failureThreshold: probe.at('failureThreshold').amount('failures') ?? 3,
    timeoutMs: (probe.at('timeoutSeconds').amount('seconds') ?? 1) * 1_000,
  };
}

/** A port by number, or by the name that the container declares. */
function portOf(port: unknown, container: ManifestValue): number | string | undefined {
  if (typeof port === 'number') return port;
  if (typeof port !== 'string') return undefined;
  if (/^\d+$/.test(port)) return Number(port);
  const named = container
    .at('ports')
    .items()
    .find((each) => each.at('name').text() === port);
  return named?.at('containerPort').amount('a port') ?? port;
}
