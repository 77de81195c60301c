import type { Finding } from './fit/finding.js';
import type { Grant } from './manifests/grant.js';

/** What was found about one grant. */
export interface CheckedGrant {
  readonly grant: Grant;
  readonly findings: readonly Finding[];
}

/** The findings below what they are about, a line each. */
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

/** The same as plain data. A time without an end is null, which is how JSON has it. */
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

/** Whether nothing has to be mended. */
export function isRight(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== 'wrong');
}
