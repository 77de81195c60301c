import { milliseconds } from '../../plan/plan-text.js';
import { noticeTime } from '../../plan/time-budget.js';
import type { ProbesSettings } from '../../probes/probes.options.js';
import type { Grant, ManifestProbe } from '../manifests/grant.js';
import { note, wrong, type Finding, type Measured } from './finding.js';

const LOOPBACK = /^(127\.|localhost$|::1$)/;

/** Checks that the manifest's probes ask the paths that the application answers, and notice the shutdown in time. */
export function checkProbes({ settings }: Measured, grant: Grant): readonly Finding[] {
  const { probes, shutdownDelay } = settings;
  const { readiness, liveness } = grant;
  const findings: Finding[] = [];
  if (probes === undefined) findings.push(...checkOthers(readiness, liveness));
  else {
    findings.push(...checkReadiness(readiness, probes), ...checkLiveness(liveness, probes));
    for (const probe of [readiness, liveness]) findings.push(...checkPort(probe, probes));
  }
  const noticed = readiness === undefined ? 0 : noticeTime(readiness);
  if (shutdownDelay > 0 && noticed > shutdownDelay) {
    findings.push(
      note(
        `The readiness probe needs up to ${milliseconds(noticed)} to fail (periodSeconds x failureThreshold + timeoutSeconds), but shutdownDelay is ${milliseconds(shutdownDelay)}. A Service does not wait for the probe, but a load balancer that relies on the probe alone keeps sending requests after the application stops serving.`,
      ),
    );
  }
  return distinct(findings);
}

/**
 * An app without our probes may answer these paths in a controller. If nothing does, the pod never becomes ready, or
 * is restarted in a loop.
 */
function checkOthers(...probes: readonly (ManifestProbe | undefined)[]): readonly Finding[] {
  const paths = new Set(probes.flatMap((probe) => (probe === undefined ? [] : [probe.path])));
  if (paths.size === 0) return [];
  return [
    note(
      `The manifest's probes ask ${[...paths].join(' and ')}, but the option \`probes\` is not set. Answer them in a controller, or set probes: { readiness: '/readyz', liveness: '/livez' }.`,
    ),
  ];
}

function checkReadiness(probe: ManifestProbe | undefined, probes: ProbesSettings): readonly Finding[] {
  if (probe === undefined) {
    return [
      note(
        `There is no HTTP readinessProbe, so nothing asks ${probes.readiness}. Add one, or traffic may arrive before the application is ready.`,
      ),
    ];
  }
  if (probe.path === probes.readiness) return [];
  if (probe.path === probes.liveness) {
    return [
      wrong(
        `The readinessProbe asks ${probe.path}, the liveness path, which answers 200 until the end. Ask ${probes.readiness} instead.`,
      ),
    ];
  }
  return [
    note(`The readinessProbe asks ${probe.path}, but the application's readiness is at ${probes.readiness}.`),
  ];
}

function checkLiveness(probe: ManifestProbe | undefined, probes: ProbesSettings): readonly Finding[] {
  if (probe === undefined || probe.path === probes.liveness) return [];
  if (probe.path !== probes.readiness) {
    return [
      note(`The livenessProbe asks ${probe.path}, but the application's liveness is at ${probes.liveness}.`),
    ];
  }
  return [
    wrong(
      `The livenessProbe asks ${probe.path}, which answers 503 during the shutdown, so the kubelet would kill the container. Ask ${probes.liveness} instead.`,
    ),
  ];
}

function checkPort(
  probe: ManifestProbe | undefined,
  { port, host, ...paths }: ProbesSettings,
): readonly Finding[] {
  const isOurs = probe?.path === paths.readiness || probe?.path === paths.liveness;
  // Without a port of their own, the probes are served on the application's port, which only main.ts knows.
  if (probe === undefined || !isOurs || port === undefined) return [];
  if (probe.port !== port) {
    return [
      wrong(
        `A probe asks ${probe.path} on port ${probe.port}, but the application answers it on port ${port}.`,
      ),
    ];
  }
  return LOOPBACK.test(host)
    ? [
        wrong(
          `The probes listen on ${host}, which the kubelet cannot reach. Set probes: { host: '0.0.0.0' }.`,
        ),
      ]
    : [];
}

/** Two probes may have the same finding. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ text }, index) => findings.findIndex((each) => each.text === text) === index);
}
