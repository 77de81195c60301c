import { RESERVE } from '../../graceful-shutdown.options.js';
import { UNREADY_PHASE } from '../../plan/phase.js';
import { milliseconds, pathSum } from '../../plan/plan-text.js';
import type { Grant } from '../manifests/grant.js';
import { cutsToFit, type Cut } from './cuts.js';
import { wrong, type Finding, type Measured } from './finding.js';

/** Whether the longest path of the plan, and what is counted with it, is within what is granted. */
export function checkTime(measured: Measured, grant: Grant): readonly Finding[] {
  const { plan } = measured;
  const held = grant.preStop.kind === 'waits' ? grant.preStop.ms : 0;
  const needed = held + plan.longestPath.ms + RESERVE;
  const over = needed - grant.graceMs;
  const sum = `${pathSum(plan.longestPath)}, and ${milliseconds(RESERVE)} for the end of the process${held > 0 ? `, after a preStop of ${milliseconds(held)}` : ''}`;
  if (over > 0)
    return [
      wrong(
        `${sum}: that is ${milliseconds(over)} more than the ${granted(grant)}. ${advice(measured, grant)}`,
      ),
    ];
  const total =
    grant.graceMs === Infinity ? 'there is no limit' : `${milliseconds(needed)} of the ${granted(grant)}`;
  return [{ verdict: 'fits', text: `${sum}: ${total}.` }, ...checkGracePeriod(measured, grant)];
}

/** The run ends by its own deadline, one second before `gracePeriod` is over: that has to come before the kill. */
function checkGracePeriod({ plan, settings }: Measured, grant: Grant): readonly Finding[] {
  const held = grant.preStop.kind === 'waits' ? grant.preStop.ms : 0;
  const left = grant.graceMs - held;
  if (settings.gracePeriod <= left) return [];
  const needed = plan.longestPath.ms + RESERVE;
  return [
    wrong(
      `gracePeriod is ${milliseconds(settings.gracePeriod)}, and ${held > 0 ? `after the preStop ${milliseconds(left)} are left` : 'more than is granted'}: what hangs would be killed before it is ended and reported. Set gracePeriod: ${code(left)}, or write ${grant.setting.write(Math.max(settings.gracePeriod, needed) + held)}.`,
    ),
  ];
}

/** Where the platform's time can be raised, and which phases can be cut instead. */
function advice({ plan, settings }: Measured, grant: Grant): string {
  const held = grant.preStop.kind === 'waits' ? grant.preStop.ms : 0;
  const needed = plan.longestPath.ms + RESERVE;
  const gracePeriod = settings.gracePeriod === needed ? '' : ` and gracePeriod: ${code(needed)}`;
  const raise = `Write ${grant.setting.write(needed + held)}${gracePeriod}`;
  const cuts = cutsToFit(plan.phaseGraph, grant.graceMs - held - RESERVE);
  if (cuts === undefined) return `${raise}: no cut of the phases is enough.`;
  const left = grant.graceMs - held;
  const end = settings.gracePeriod > left ? `, with gracePeriod: ${code(left)}` : '';
  return `${raise}, or cut ${cuts.map((cut) => cutText(cut, settings.shutdownDelay)).join(' and ')}${end}.`;
}

function cutText({ phase, from, to }: Cut, shutdownDelay: number): string {
  const delay = code(Math.max(0, shutdownDelay - (from - to)));
  const how =
    phase === UNREADY_PHASE
      ? ` (shutdownDelay: ${delay}, which has to be longer than the endpoint takes to go)`
      : '';
  return `'${phase}' from ${milliseconds(from)} to ${milliseconds(to)}${how}`;
}

/** `10 000 ms of stop_grace_period, its default` */
function granted({ setting, graceMs, origin }: Grant): string {
  return `${milliseconds(graceMs)} of ${setting.name}${origin === 'default' ? ' (its default)' : ''}`;
}

/** As it is written in the options: `30_000`. */
function code(ms: number): string {
  return String(Math.floor(ms)).replace(/\B(?=(\d{3})+$)/g, '_');
}
