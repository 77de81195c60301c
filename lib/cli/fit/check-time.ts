import { UNREADY_PHASE } from '../../plan/phase.js';
import { milliseconds, pathSum } from '../../plan/plan-text.js';
import { RESERVE, cutDelay, fitOf, grantFor, type Fit } from '../../plan/time-budget.js';
import type { Grant } from '../manifests/grant.js';
import { cutsToFit, type Cut } from './cuts.js';
import { wrong, type Finding, type Measured } from './finding.js';

/** Checks that the longest path, the reserve and a preStop together fit into the granted time. */
export function checkTime(measured: Measured, grant: Grant): readonly Finding[] {
  const { longestPath } = measured.plan;
  const fit = fitIn(measured, grant);
  const { heldMs, missingMs } = fit;
  const sum = `${pathSum(longestPath)}, and ${milliseconds(RESERVE)} for the end of the process${heldMs > 0 ? `, after a preStop of ${milliseconds(heldMs)}` : ''}`;
  if (missingMs > 0)
    return [
      wrong(`${sum}: ${milliseconds(missingMs)} more than the ${granted(grant)}. ${advice(measured, grant)}`),
    ];
  const total =
    grant.graceMs === Infinity
      ? 'no limit'
      : `${milliseconds(grantFor(fit.neededMs, fit))} of the ${granted(grant)}`;
  return [{ verdict: 'fits', text: `${sum}: ${total}.` }, ...checkGracePeriod(measured, grant)];
}

/** The run ends at its own deadline, one second before `gracePeriod` is over. The platform must not kill it before. */
function checkGracePeriod(measured: Measured, grant: Grant): readonly Finding[] {
  const { gracePeriod } = measured.settings;
  const fit = fitIn(measured, grant);
  const { heldMs, availableMs } = fit;
  if (gracePeriod <= availableMs) return [];
  const enough = gracePeriod > fit.neededMs ? gracePeriod : fit.neededMs;
  return [
    wrong(
      `gracePeriod is ${milliseconds(gracePeriod)}, but ${heldMs > 0 ? `only ${milliseconds(availableMs)} are left after the preStop` : `only ${milliseconds(availableMs)} are granted`}: the process would be force-killed before hanging tasks are abandoned and reported. Set gracePeriod: ${code(availableMs)}, or ${grant.setting.write(grantFor(enough, fit))}.`,
    ),
  ];
}

/** What to raise on the platform, and which phases can be cut instead. */
function advice(measured: Measured, grant: Grant): string {
  const { plan, settings } = measured;
  const fit = fitIn(measured, grant);
  const { neededMs, availableMs } = fit;
  const gracePeriod = settings.gracePeriod === neededMs ? '' : ` and gracePeriod: ${code(neededMs)}`;
  const raise = `Set ${grant.setting.write(grantFor(neededMs, fit))}${gracePeriod}`;
  const cuts = cutsToFit(plan.phaseGraph, fit.phasesMs);
  if (cuts === undefined) return `${raise}. Cutting phases is not enough.`;
  const end = settings.gracePeriod > availableMs ? `, and set gracePeriod: ${code(availableMs)}` : '';
  return `${raise}, or cut ${cuts.map((cut) => cutText(cut, settings.shutdownDelay)).join(' and ')}${end}.`;
}

/** How the plan fits into the granted time, less a preStop that delays the signal. */
function fitIn({ plan }: Measured, { graceMs, preStop }: Grant): Fit {
  return fitOf(plan.longestPath, {
    grantedMs: graceMs,
    heldMs: preStop.kind === 'waits' ? preStop.ms : 0,
  });
}

function cutText({ phase, from, to }: Cut, shutdownDelay: number): string {
  const delay = code(cutDelay(shutdownDelay, { from, to }));
  const how =
    phase === UNREADY_PHASE
      ? ` (shutdownDelay: ${delay}, which must be longer than the removal of the endpoint takes)`
      : '';
  return `'${phase}' from ${milliseconds(from)} to ${milliseconds(to)}${how}`;
}

/** `10 000 ms of stop_grace_period (its default)` */
function granted({ setting, graceMs, origin }: Grant): string {
  return `${milliseconds(graceMs)} of ${setting.name}${origin === 'default' ? ' (its default)' : ''}`;
}

/** As written in the options: `30_000`. */
function code(ms: number): string {
  return String(Math.floor(ms)).replace(/\B(?=(\d{3})+$)/g, '_');
}
