import { warning, type Notice } from '../notice.js';

/** The codes of the startup checks: `doctor.ignore` silences a check by its code. */
export const FINDING_CODES = [
  'does-not-fit',
  'order-doubted',
  'drain-opposed',
  'pid-1',
  'signals-kept',
  'other-listeners',
  'hooks-beside',
  'no-ack',
  'destroyed-early',
  'closed-before-hook',
  'terminus-delay',
  'signals-unheard',
] as const;

/** The code of a finding: a startup check that fired. */
export type FindingCode = (typeof FINDING_CODES)[number];

/** A startup check fired: what is wrong, and what to do about it. */
export function finding(code: FindingCode, text: string): Notice {
  return warning(code, `${text} Silence this with doctor: { ignore: ['${code}'] }.`);
}
