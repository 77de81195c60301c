import { of } from '../journal.js';
import type { Trigger } from '../scenario.js';
import { over, type Facts, type Rule } from './facts.js';

/** Rule 1: one run, for good; the first reason stays, and all callers get the same answer. */
export const oneRun: Rule = (facts) => {
  const { entries, runStart, report } = facts;
  const faults: string[] = [];
  const runs = of(entries, 'run');
  for (const step of ['started', 'finished'] as const) {
    const count = runs.filter((each) => each.step === step).length;
    if (count > 1) faults.push(`the run ${step} ${count} times`);
  }
  const reason = runStart?.step === 'started' ? runStart.reason : undefined;
  if (reason !== undefined && report !== undefined && report.reason !== reason) {
    faults.push(`the run began for ${reason}, and its report says ${report.reason}`);
  }
  const answers = new Set(
    of(entries, 'answered').map((each) => `${each.reason} ${each.startedAt} ${each.outcome}`),
  );
  if (answers.size > 1) faults.push(`callers of run() got different reports: ${[...answers].join(', ')}`);
  return [...faults, ...reasonFaults(facts)];
};

/** The reason is that of a trigger which came before the run, and none that surely came earlier. */
function reasonFaults({ scenario, observation, entries, runStart, lives }: Facts): readonly string[] {
  if (runStart?.step !== 'started') return [];
  const { reason, at } = runStart;
  const asked = [
    ...observation.sent.map(({ trigger, at: sentAt }) => ({ trigger, at: sentAt })),
    ...of(entries, 'asked').map(({ trigger, at: askedAt }) => ({ trigger, at: askedAt })),
  ].flatMap(({ trigger, at: when }) => {
    const spec = scenario.triggers[trigger];
    return spec === undefined
      ? []
      : [{ word: wordOf(spec), at: when, isExact: spec.what !== 'signal' && spec.what !== 'message' }];
  });
  for (const { kind } of scenario.clients) {
    if (kind === 'asks-run') asked.push({ word: 'request', at: 0, isExact: false });
    if (kind === 'asks-close') asked.push({ word: 'close', at: 0, isExact: false });
  }
  // One that was disposed before any run may ask for it.
  for (const { spec, starts } of lives) {
    const kind = spec?.behaviour.kind;
    const [start] = starts;
    if (start === undefined || start.index > runStart.index) continue;
    if (kind === 'run') asked.push({ word: 'request', at: start.at, isExact: false });
    if (kind === 'close') asked.push({ word: 'close', at: start.at, isExact: false });
    if (kind === 'stray-rejection') asked.push({ word: 'error', at: start.at, isExact: false });
  }
  const own = asked.filter((each) => each.word === reason && each.at <= at + 50).map((each) => each.at);
  if (own.length === 0) return [`the run began for ${reason}, which nobody had asked for`];
  if (scenario.triggers.some(({ since }) => since === 'boot')) return [];
  const first = Math.min(...own);
  return asked
    .filter((each) => each.isExact && each.word !== reason && each.at + 50 < first && each.at !== 0)
    .map(
      (each) =>
        `the run began for ${reason}, though ${each.word} had asked ${Math.round(first - each.at)} ms before`,
    );
}

function wordOf(trigger: Trigger): string {
  switch (trigger.what) {
    case 'signal':
      return trigger.signal;
    case 'run':
      return 'request';
    case 'uncaught':
    case 'rejection':
      return 'error';
    default:
      return trigger.what;
  }
}

/** Rule 2: the function of a task runs at most once; one that was unregistered never. */
export const calledOnce: Rule = ({ lives }) =>
  lives.flatMap(({ name, starts, fate }) => {
    if (starts.length > 1) return [`${name} was called ${starts.length} times`];
    if (fate === 'withdrawn' && starts.length > 0) return [`${name} was called although it was unregistered`];
    return [];
  });

/** Rule 1: who awaits the shutdown in the middle of it is answered, and does not wait for himself. */
export const nobodyAwaitsItself: Rule = ({ lives, runStart, scenario }) =>
  lives.flatMap((life) => {
    const behaviour = life.spec?.behaviour;
    if (behaviour?.kind !== 'run' && behaviour?.kind !== 'close') return [];
    // With the module alone close() is Nest's own: it is told in the log, and waits.
    if (behaviour.kind === 'close' && !scenario.enabled) return [];
    if (!behaviour.awaited || life.starts.length === 0 || runStart === undefined) return [];
    return over(life) === life.abort && life.abort !== undefined
      ? [`${life.name} awaits ${behaviour.kind}() and was not answered within its time`]
      : [];
  });
