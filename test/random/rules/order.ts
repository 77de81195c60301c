import { injects, outcomeOf, over, straggles, type Facts, type Life, type Rule } from './facts.js';

/** Tasks that run with their phase, and when. */
function regular(facts: Facts): readonly (Life & { readonly from: number; readonly to: number })[] {
  return facts.lives.flatMap((life) => {
    const [start] = life.starts;
    if (start === undefined || life.fate === 'disposed' || straggles(life, facts) !== false) return [];
    return [{ ...life, from: start.index, to: over(life)?.index ?? Infinity }];
  });
}

/** Rule 3: a phase starts when every phase before it has ended. */
export const phasesInOrder: Rule = (facts) => {
  const all = regular(facts);
  return all.flatMap((life) => {
    const before = facts.phases.get(life.phase)?.before ?? new Set();
    return all
      .filter((other) => before.has(other.phase) && other.from < life.from && other.to > life.from)
      .concat(all.filter((other) => before.has(other.phase) && other.from > life.from && !isLate(other)))
      .map(
        (other) =>
          `${life.name} of '${life.phase}' started before ${other.name} of '${other.phase}' had ended`,
      );
  });
};

/** One that is registered in the course of the run may come when the phase is nearly over. */
function isLate({ origin }: Life): boolean {
  return origin === 'nested';
}

/** Rule 3: a disabled phase, and one after an aborted one, starts nothing; every other phase does. */
export const phasesSkipped: Rule = (facts) => {
  const { phases, report } = facts;
  const faults: string[] = [];
  const all = regular(facts);
  for (const life of all) {
    const phase = phases.get(life.phase);
    if (phase?.enabled === false) faults.push(`${life.name} started in the disabled phase '${phase.name}'`);
    const aborted = all.find(
      (other) =>
        phase?.before.has(other.phase) === true &&
        phases.get(other.phase)?.aborts === true &&
        (outcomeOf(other) === 'failed' || outcomeOf(other) === 'timed-out'),
    );
    if (aborted !== undefined) {
      faults.push(
        `${life.name} started in '${life.phase}' although ${aborted.name} aborted what comes after '${aborted.phase}'`,
      );
    }
  }
  for (const { name, skippedBecause } of report?.phases ?? []) {
    const phase = phases.get(name);
    if (phase === undefined) faults.push(`the report has a phase '${name}', which is not in the plan`);
    const isAborted = report?.phases.some(
      (each) =>
        phase?.before.has(each.name) === true &&
        phases.get(each.name)?.aborts === true &&
        (each.outcome === 'failed' || each.outcome === 'timed-out'),
    );
    if (skippedBecause === 'disabled' && phase?.enabled !== false)
      faults.push(`'${name}' was skipped as disabled`);
    if (skippedBecause === 'aborted' && isAborted !== true)
      faults.push(`'${name}' was skipped for an abort that was none`);
    if (skippedBecause === 'before-from')
      faults.push(`'${name}' was skipped, and nobody asked to start later`);
  }
  return faults;
};

/** Rule 4: what is sequential overlaps with nobody, and goes by `order`; `after` is waited for. */
export const sequence: Rule = (facts) => {
  const all = regular(facts);
  return all.flatMap((life) =>
    all
      .filter((other) => other.phase === life.phase && other.name !== life.name)
      .flatMap((other) => {
        const pair = `${life.name} and ${other.name}`;
        if (modeOf(life, facts) === 'sequential' && other.from >= life.from && other.from < life.to) {
          return [`${pair} overlap, and the first is sequential`];
        }
        if (
          life.spec?.after?.includes(other.name) === true &&
          other.to > life.from &&
          other.from < Infinity
        ) {
          return [`${life.name} comes after ${other.name}, and did not wait for it`];
        }
        return isWishBroken([life, other], facts)
          ? [`${pair} are sequential, and ran against their order`]
          : [];
      }),
  );
};

/** `order` is a wish among those that `after` and injection leave free: it is looked at where neither is there. */
function isWishBroken(
  [life, other]: readonly [Life & { from: number }, Life & { from: number }],
  facts: Facts,
): boolean {
  if (life.origin === 'nested' || other.origin === 'nested') return false;
  if (facts.phases.get(life.phase)?.mode !== 'sequential') return false;
  const isFree = facts.lives
    .filter(({ phase }) => phase === life.phase)
    .every(({ spec }) => spec?.after === undefined && spec?.mode === undefined);
  const order = (each: Life): number => each.spec?.order ?? 0;
  return isFree && order(life) < order(other) && other.from < life.from;
}

/** Rule 4: in `dependency` mode a task starts when those of all that inject its provider have ended. */
export const dependency: Rule = (facts) => {
  const { scenario } = facts;
  const all = regular(facts).filter(
    (life) => modeOf(life, facts) === 'dependency' && life.owner !== undefined,
  );
  return all.flatMap((life) =>
    all
      .filter((other) => other.phase === life.phase && other.owner !== life.owner)
      .filter(
        (other) => injects(other.owner ?? -1, life.owner ?? -1, scenario.providers) && other.to > life.from,
      )
      .map((other) => `${life.name} ran before ${other.name} had ended, whose provider injects its own`),
  );
};

function modeOf({ spec, phase }: Life, { phases }: Facts): string {
  return spec?.mode ?? phases.get(phase)?.mode ?? 'parallel';
}
