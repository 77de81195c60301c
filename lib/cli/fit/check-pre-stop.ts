import { milliseconds } from '../../plan/plan-text.js';
import type { Grant } from '../manifests/grant.js';
import { note, wrong, type Finding, type Measured } from './finding.js';

/** Checks the `preStop` hook, which runs before the signal and within the grace period. */
export function checkPreStop({ settings }: Measured, { preStop }: Grant): readonly Finding[] {
  const { shutdownDelay } = settings;
  switch (preStop.kind) {
    case 'none':
      return [];
    case 'unknown':
      return [
        note(`preStop runs ${preStop.what}. Its duration is unknown, but counts towards the grace period.`),
      ];
    case 'waits':
      return [
        ...(shutdownDelay > 0
          ? [
              wrong(
                `preStop waits ${milliseconds(preStop.ms)}, and shutdownDelay waits ${milliseconds(shutdownDelay)} for the same reason. Remove the preStop, or set shutdownDelay: 0.`,
              ),
            ]
          : []),
        ...(preStop.rest === 'something'
          ? [
              note(
                'preStop does more than sleep. The duration of the rest is unknown, but counts towards the grace period.',
              ),
            ]
          : []),
      ];
  }
}
