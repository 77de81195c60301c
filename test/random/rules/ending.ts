import { of } from '../journal.js';
import { endsProcess } from '../scenario.js';
import { constants } from 'node:os';
import { loggedOf, logOf, type Facts, type Rule } from './facts.js';
import { isFatal } from './time.js';

/** A second signal within a second of the first is the same one. */
const REPEAT_WINDOW = 1_000;

/** What the process says when it is ended before it could leave by itself. */
const WORDS = {
  escalation: /\bSIG[A-Z]+ again\b/,
  deadline: /grace period is almost over/i,
  fatal: /during a shutdown that another one started/i,
  'kept-alive': /kept alive by/i,
} as const;

/** Numbers of signals by which the process was ended by force, and what else may have ended it so. */
function forcedEnds(facts: Facts): readonly (keyof typeof WORDS)[] {
  const log = logOf(facts);
  return (['escalation', 'deadline', 'fatal', 'kept-alive'] as const).filter((end) => WORDS[end].test(log));
}

function signalsSent({
  observation,
  scenario,
}: Facts): readonly { readonly signal: NodeJS.Signals; readonly at: number }[] {
  return observation.sent.flatMap(({ trigger, at }) => {
    const spec = scenario.triggers[trigger];
    return spec?.what === 'signal' ? [{ signal: spec.signal, at }] : [];
  });
}

/** What makes a shutdown unclean, by the journal alone. */
function stains({ entries, lives, report, scenario }: Facts): readonly string[] {
  const asked = of(entries, 'asked');
  const fatal = asked.some(({ trigger }) => isFatal(scenario.triggers[trigger]?.what));
  const stray = lives.some(
    ({ spec, starts }) => spec?.behaviour.kind === 'stray-rejection' && starts.length > 0,
  );
  return [
    ...(fatal ? ['a fatal error'] : []),
    ...(stray ? ['a stray rejection'] : []),
    ...(report !== undefined && report.outcome !== 'completed' ? [`the outcome ${report.outcome}`] : []),
  ];
}

/** The exit code is what the rules say. */
export const exitCode: Rule = (facts) => {
  const { observation, scenario, entries, exit, runEnd } = facts;
  const { code, signal, overdue } = observation;
  if (overdue || of(entries, 'broken').length > 0) return [];
  const forced = forcedEnds(facts);
  // With `logger: false` nobody says that the process was ended by force.
  const isSilent = scenario.logger === 'none';
  const hookFailed = of(entries, 'hook').some(({ step }) => step === 'fail');
  const found = `exited with ${code ?? signal}`;
  if (signal !== null) return signalFaults(facts, found);
  if (exit === undefined) return [`${found}, without the event 'exit'`];
  if (code !== null && code > 128) return escalationFaults(facts, code);
  if (forced.includes('escalation')) return [`${found} after an escalation`];
  const stained = stains(facts);
  const isRaised =
    scenario.options.exit === 'signal' &&
    endsProcess(scenario) &&
    scenario.triggers.every(({ what }) => what === 'signal');
  // A deadline and a second fatal error end the process before everything is closed.
  if (isRaised && !isSilent && !forced.includes('deadline') && !forced.includes('fatal'))
    return [`${found} instead of raising the signal again`];
  if (forced.includes('deadline') || forced.includes('fatal')) {
    return code === 1 ? [] : [`${found} by force, instead of with 1`];
  }
  if (runEnd === undefined) return isSilent && code === 1 ? [] : [`${found}, and no run has ended`];
  if (code === 0) {
    if (stained.length > 0 && mustTell(facts)) return [`${found} after ${stained.join(' and ')}`];
    return [];
  }
  if (code !== 1) return [found];
  if (stained.length === 0 && !hookFailed && !isSilent) return [`${found} after a clean shutdown`];
  return [];
};

/** Whether the exit code says how the shutdown went: where somebody was heard who asked for the end of the process. */
function mustTell({ scenario, report, entries }: Facts): boolean {
  if (!scenario.enabled) return false;
  const fatal = of(entries, 'asked').some(({ trigger }) => isFatal(scenario.triggers[trigger]?.what));
  const heard = report === undefined ? [] : [report.reason, ...report.joined];
  return (
    fatal || heard.some((reason) => reason.startsWith('SIG') || reason === 'message' || reason === 'error')
  );
}

function signalFaults(facts: Facts, found: string): readonly string[] {
  const { observation, scenario, runEnd, entries, exit } = facts;
  const sent = signalsSent(facts);
  const last = sent.findLast(({ signal }) => signal === observation.signal);
  if (last === undefined) return [`${found}, which nobody sent`];
  // Raised again, by the option.
  if (scenario.options.exit === 'signal') {
    return runEnd === undefined ? [`${found} before the run had ended`] : [];
  }
  // An application that is closed does not listen any more, where it is not the process that was to end.
  const closed = of(entries, 'closed')[0];
  const isLeft =
    scenario.options.exit === 'none' && sent.length > 1 && runEnd !== undefined && runEnd.at < last.at;
  const isClosed = closed !== undefined && closed.at < last.at + 20;
  // Node takes the listeners off as it exits.
  const isExiting = exit !== undefined && exit.at < last.at + 50;
  return isLeft || isClosed || isExiting ? [] : [`${found}, as if nobody listened`];
}

function escalationFaults(facts: Facts, code: number): readonly string[] {
  const sent = signalsSent(facts);
  const [first, second] = sent;
  if (first === undefined || second === undefined) return [`exited with ${code} without a second signal`];
  const faults: string[] = [];
  if (128 + (constants.signals[second.signal] ?? 0) !== code)
    faults.push(`exited with ${code} for ${second.signal}`);
  // By its own clock: on a busy machine a signal comes later than it was sent.
  const { runStart, exit } = facts;
  const begunBySignal = runStart?.step === 'started' && runStart.reason === first.signal;
  if (begunBySignal && exit !== undefined && exit.at - runStart.at < REPEAT_WINDOW - 300) {
    faults.push('a repeated signal counted as a second one');
  }
  const isSilent = facts.scenario.logger === 'none';
  if (!isSilent && !forcedEnds(facts).includes('escalation'))
    faults.push(`exited with ${code} without a word`);
  return faults;
}

/** A second signal, a second after the first, ends the process at once. */
export const escalation: Rule = (facts) => {
  const [first, second] = signalsSent(facts);
  const { observation, entries, blockedMs } = facts;
  if (first === undefined || second === undefined || !facts.scenario.enabled) return [];
  const livedOn = entries.some(
    ({ at, what }) => at > second.at + 700 + blockedMs && (what === 'task' || what === 'hook'),
  );
  const isEarly = second.at - first.at < REPEAT_WINDOW + 300 + blockedMs;
  return livedOn && !isEarly && (observation.code ?? 0) <= 128
    ? ['a second signal did not end the process']
    : [];
};

/** The log says once how the shutdown went, and says what the report says. */
export const log: Rule = (facts) => {
  const { scenario, observation, report, runEnd } = facts;
  const { logger, stdoutGone } = scenario;
  if (logger === 'none' || (logger === 'nest' && stdoutGone) || runEnd === undefined) return [];
  // What a logger does not take is written to standard error as well.
  const places = [observation.stdout, observation.stderr, loggedOf(facts)].map((text) => [
    ...text.matchAll(/Shut down in ([\d\s]+) ms: ([a-z-]+)/g),
  ]);
  const lines = places.flat();
  // By force it may be ended between the end of the run and that of the hooks.
  const wasForced =
    forcedEnds(facts).length > 0 || observation.signal !== null || (observation.code ?? 0) > 128;
  if (lines.length === 0) return wasForced ? [] : ["the line 'Shut down in' is lost"];
  const most = Math.max(...places.map((found) => found.length));
  if (most > 1) return [`the line 'Shut down in' is there ${most} times`];
  const [, , outcome] = lines[0] ?? [];
  return report !== undefined && outcome !== report.outcome
    ? [`the log says ${outcome}, the report ${report.outcome}`]
    : [];
};
