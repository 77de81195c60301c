const COMPOSE_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const DAY = 86_400_000;
const SYSTEMD_UNITS: Readonly<Record<string, number>> = {
  ...COMPOSE_UNITS,
  usec: 1e-3,
  msec: 1,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: DAY,
  day: DAY,
  days: DAY,
  w: 7 * DAY,
  week: 7 * DAY,
  weeks: 7 * DAY,
  M: 30.44 * DAY,
  month: 30.44 * DAY,
  months: 30.44 * DAY,
  y: 365.25 * DAY,
  year: 365.25 * DAY,
  years: 365.25 * DAY,
};

/** Milliseconds of `30s`, `1m30s`, `1500ms`; `undefined` if the text is not a duration or has no unit. */
export function readDuration(text: string): number | undefined {
  return sumOf(text.trim(), COMPOSE_UNITS);
}

/** Milliseconds of a systemd time span: `90`, `1min 30s`, `infinity`. 0 means no limit, as in systemd. */
export function readTimeSpan(text: string): number | undefined {
  const span = text.trim();
  if (span === 'infinity') return Infinity;
  const ms = /^\d+(\.\d+)?$/.test(span) ? Number(span) * 1_000 : sumOf(span, SYSTEMD_UNITS);
  return ms === 0 ? Infinity : ms;
}

function sumOf(text: string, units: Readonly<Record<string, number>>): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?\s*[a-zµA-Z]+\s*)+$/u.test(text)) return undefined;
  let sum = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµA-Z]+)/gu)) {
    if (!Object.hasOwn(units, unit)) return undefined;
    sum += Number(number) * (units[unit] ?? 0);
  }
  return sum;
}
