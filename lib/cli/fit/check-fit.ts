import type { Grant } from '../manifests/grant.js';
import { checkPreStop } from './check-pre-stop.js';
import { checkProbes } from './check-probes.js';
import { checkSignal } from './check-signal.js';
import { checkTime } from './check-time.js';
import { wrong, type Finding, type Measured } from './finding.js';

/** Checks a plan against what a manifest grants, the time first. */
export function checkFit(measured: Measured, grant: Grant): readonly Finding[] {
  return [
    ...checkTime(measured, grant),
    ...grant.wrongs.map(wrong),
    ...checkPreStop(measured, grant),
    ...checkSignal(measured, grant),
    ...(grant.platform === 'kubernetes' ? checkProbes(measured, grant) : []),
  ];
}
