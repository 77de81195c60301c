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
      return [note(`preStop runs ${preStop.what}, whose time counts as well and is not known here.`)];
    case 'waits':
      return [
        ...(shutdownDelay > 0
          ? [
              wrong(
                `preStop waits ${milliseconds(preStop.ms)}, and then the shutdownDelay waits ${milliseconds(shutdownDelay)} for the same. Take the preStop away, or set shutdownDelay: 0.`,
              ),
            ]
          : []),
        ...(preStop.rest === 'something'
          ? [note('preStop does more than sleep, and the time of that is not known here.')]
          : []),
      ];
  }
}
