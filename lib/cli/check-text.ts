import type { Finding } from './fit/finding.js';
import type { Grant } from './manifests/grant.js';

/** A grant and the findings about it. */
export interface CheckedGrant {
  readonly grant: Grant;
  readonly findings: readonly Finding[];
}

/** The grants, each followed by its findings, one per line. */
export function checkText(checked: readonly CheckedGrant[]): string {
  return checked
    .map(({ grant, findings }) =>
      [
        grant.subject === '' ? grant.file : `${grant.file}: ${grant.subject}`,
        ...findings.map(({ verdict, text }) => `  ${verdict.padEnd(5)}  ${text}`),
      ].join('\n'),
    )
    .join('\n\n');
}

/** The findings as JSON. An infinite time becomes `null`, since JSON has no Infinity. */
export function checkJson(checked: readonly CheckedGrant[]): string {
  const grants = checked.map(({ grant, findings }) => ({
    file: grant.file,
    subject: grant.subject,
    setting: grant.setting.name,
    graceMs: grant.graceMs,
    origin: grant.origin,
    fits: isRight(findings),
    findings,
  }));
  return JSON.stringify({ version: 1, fits: grants.every(({ fits }) => fits), grants }, undefined, 2);
}

/** Whether nothing needs to be fixed. */
export function isRight(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== 'wrong');
}
