import { of } from '../journal.js';
import { couldNotClose, logOf, over, reported, type Facts, type Rule } from './facts.js';
import { isFatal } from './time.js';

/** Rule 10: the phases run before Nest's hooks; with the later `runAt`, before the last of these. */
export const phasesBeforeHooks: Rule = (facts) => {
  const { entries, runEnd, scenario } = facts;
  const guarded =
    scenario.options.runAt === 'module-destroy'
      ? /\.(onModuleDestroy|before\w+|onApplicationShutdown)$/
      : /\.onApplicationShutdown$/;
  return entries.flatMap((entry, index) => {
    if (entry.what !== 'hook' || entry.step !== 'start' || !guarded.test(entry.hook)) return [];
    if (runEnd === undefined) return [`${entry.hook} ran, and no run had ended`];
    return index < runEnd.index ? [`${entry.hook} ran before the phases had ended`] : [];
  });
};

/** Whether the servers were drained to the end; where they were not, their clients may be cut. */
function wasDrained({ report, drainPhase, observation, scenario }: Facts): boolean {
  // Nest closes the transport of a microservice before its first hook, and the module alone has no other.
  if (scenario.kind === 'microservice' && !scenario.enabled) return false;
  if (report === undefined || report.endedBy !== undefined) return false;
  if (observation.signal !== null && observation.overdue) return false;
  const drains = [...reported(report).values()].filter(
    ({ name, phase }) => phase === drainPhase && !/^(P\d|R\d)/.test(name),
  );
  return drains.length > 0 && drains.every(({ outcome }) => outcome === 'completed');
}

/** Rule 10: a request that was accepted before the shutdown is answered, whole. */
export const requestsAnswered: Rule = (facts) => {
  const { observation, entries, runStart } = facts;
  const faults: string[] = [];
  for (const { id, kind, answers, looksComplete, error } of observation.clients) {
    if (looksComplete) faults.push(`the answer to client ${id} (${kind}) was cut, and looks complete`);
    if (kind === 'leaving' || runStart === undefined || !wasDrained(facts)) continue;
    const accepted = of(entries.slice(0, runStart.index), 'work').filter(
      (each) => each.client === id && each.step === 'accepted',
    ).length;
    if (answers < accepted) {
      faults.push(
        `client ${id} (${kind}) had ${accepted} requests accepted and ${answers} answered: ${error ?? 'no error'}`,
      );
    }
  }
  return faults;
};

/** What was accepted before the shutdown ends before the phases after the drain begin. */
export const workBeforeClose: Rule = (facts) => {
  const { entries, runStart, lives, phases, drainPhase } = facts;
  if (runStart === undefined || !wasDrained(facts)) return [];
  const later = lives.flatMap(({ name, phase, starts, fate, origin }) => {
    const [start] = starts;
    const isAfter = phases.get(phase)?.before.has(drainPhase) === true;
    return isAfter && start !== undefined && fate === 'left alone' && origin === 'planned'
      ? [{ name, at: start.index }]
      : [];
  });
  const first = later.toSorted((a, b) => a.at - b.at)[0];
  if (first === undefined) return [];
  const accepted = new Map<number, number>();
  entries.slice(0, first.at).forEach((entry, index) => {
    if (entry.what !== 'work') return;
    if (entry.step === 'done') accepted.set(entry.client, (accepted.get(entry.client) ?? 0) - 1);
    else if (index < runStart.index) accepted.set(entry.client, (accepted.get(entry.client) ?? 0) + 1);
  });
  return [...accepted]
    .filter(([, open]) => open > 0)
    .map(([client]) => `the work for client ${client} went on when ${first.name} began`);
};

/** Rule 12: nothing but what leaks keeps the process alive. */
export const nothingKeptAlive: Rule = (facts) => {
  const { lives, scenario } = facts;
  if (!/kept alive by/i.test(logOf(facts))) return [];
  const leaks = lives.some(({ spec, starts }) => spec?.behaviour.kind === 'leak' && starts.length > 0);
  // What was left behind may still wait for its own timer, or for a hook that hangs.
  const isAbandoned = lives.some((life) => over(life) === life.abort && life.abort !== undefined);
  const hookFailed = of(facts.entries, 'hook').some(({ step }) => step === 'fail');
  return leaks || isAbandoned || couldNotClose(facts) || (hookFailed && scenario.major === 11)
    ? []
    : ['the process was kept alive, and nothing leaks'];
};

/** Rule 13: only what comes from outside waits for `shutdownDelay`, and only where a server listens. */
export const delay: Rule = ({ report, scenario, phases, blockedMs }) => {
  const { shutdownDelay } = scenario.options;
  const entry = reported(report).get('shutdownDelay');
  if (report === undefined || entry === undefined || report.phases.length === 0) return [];
  const isFromOutside = report.reason.startsWith('SIG') || report.reason === 'message';
  const hasHttp = scenario.kind !== 'context' && scenario.kind !== 'microservice';
  const isUp = scenario.triggers.every(({ since }) => since === 'up');
  const mayWait = isFromOutside && phases.get('unready')?.enabled === true;
  const isCut = entry.outcome !== 'completed';
  // Somebody may join from outside who would have to wait, so only a run that nobody joined is sure not to.
  const waitedMs = entry.durationMs - blockedMs;
  // On a busy machine a task that does nothing may last as long, but hardly just as long.
  const isWaiting = shutdownDelay >= 100 && waitedMs >= shutdownDelay && waitedMs < shutdownDelay + 20;
  if (!mayWait && report.joined.length === 0 && isWaiting) {
    return [`${report.reason} waited ${entry.durationMs} ms for the shutdownDelay`];
  }
  if (mayWait && hasHttp && isUp && !isCut && entry.durationMs < shutdownDelay - 5) {
    return [`${report.reason} waited ${entry.durationMs} ms of the shutdownDelay of ${shutdownDelay}`];
  }
  return [];
};

/** Rule 14: `unready` is always there; what drains goes to `drain`, or to the first phase of the list. */
export const phaseList: Rule = ({ report, drainPhase, scenario, phases }) => {
  if (report === undefined || report.phases.length === 0) return [];
  const faults: string[] = [];
  const names = report.phases.map(({ name }) => name);
  for (const name of phases.keys())
    if (!names.includes(name)) faults.push(`the report has no phase '${name}'`);
  const hasServer = scenario.kind !== 'context' && scenario.kind !== 'microservice';
  const drain = reported(report).get('HttpDrain');
  if (hasServer && drain !== undefined && drain.phase !== drainPhase) {
    faults.push(`HttpDrain is in '${drain.phase}' instead of '${drainPhase}'`);
  }
  if (hasServer && drain === undefined && report.outcome !== 'running')
    faults.push('HttpDrain is in no phase');
  return faults;
};

/** The process says nothing of faults that are not the scenario's own. */
export const noNoise: Rule = (facts) => {
  const { observation, scenario } = facts;
  const { stderr } = observation;
  const noise =
    /Maximum call stack|MaxListenersExceeded|\(node:\d+\) (?!\[DEP|ExperimentalWarning)|EPIPE|UnhandledPromiseRejection|ERR_[A-Z_]+/;
  const found = noise.exec(stderr);
  const line = found === null ? undefined : stderr.split('\n').find((each) => each.includes(found[0]));
  // A refused start and an error nobody listens to have rules of their own.
  const isOwn =
    scenario.triggers.some(({ what }) => isFatal(what)) && found?.[0] === 'UnhandledPromiseRejection';
  return line === undefined || isOwn ? [] : [`standard error has: ${line}`];
};
