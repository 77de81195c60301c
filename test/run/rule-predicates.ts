import type { Mode, Phase } from '../../lib/plan/phase.js';
import type { ShutdownEvent } from '../../lib/run/events.js';
import type { Played, PlayedTask } from './random-scenario.js';

/** An event and its place among all. */
type At<T extends ShutdownEvent['type']> = Extract<ShutdownEvent, { type: T }> & { readonly index: number };

/** What the events say about one task. */
interface Life {
  readonly played: PlayedTask;
  readonly phase: PhaseLife;
  readonly mode: Mode;
  readonly started: At<'task-started'> | undefined;
  readonly finished: At<'task-finished'> | undefined;
  readonly skipped: At<'task-skipped'> | undefined;
  /** It was registered after its phase had ended or timed out. */
  readonly straggles: boolean;
}

interface PhaseLife {
  readonly phase: Phase;
  readonly started: At<'phase-started'> | undefined;
  readonly finished: At<'phase-finished'> | undefined;
  readonly skipped: At<'phase-skipped'> | undefined;
  readonly deadline: number;
}

type Fault = string;

/** The broken rules, in words. Independent of the code of the engine: compares one pair of tasks at a time. */
export function brokenRules(played: Played): readonly Fault[] {
  const { events } = played;
  const phases = played.phases.map((phase) => phaseLife(phase, played));
  const lives = Array.from(played.tasks.values(), (each) => lifeOf(each, phases, events));
  return [
    ...played.faults.map(String),
    ...runFaults(played),
    ...phases.flatMap((each) => phaseFaults(each, phases, played)),
    ...lives.flatMap(lifeFaults),
    ...lives.flatMap((each) => orderFaults(each, lives, played.injections)),
  ];
}

function all<T extends ShutdownEvent['type']>(events: readonly ShutdownEvent[], type: T): readonly At<T>[] {
  const isType = (event: ShutdownEvent): event is Extract<ShutdownEvent, { type: T }> => event.type === type;
  return events.flatMap((event, index) => (isType(event) ? [{ ...event, index }] : []));
}

function phaseLife(phase: Phase, { events, limit }: Played): PhaseLife {
  const of = <T extends { readonly phase: string }>(list: readonly T[]): T | undefined =>
    list.find((event) => event.phase === phase.name);
  const started = of(all(events, 'phase-started'));
  const start = events[0]?.at ?? 0;
  return {
    phase,
    started,
    finished: of(all(events, 'phase-finished')),
    skipped: of(all(events, 'phase-skipped')),
    deadline: Math.min((started?.at ?? 0) + phase.timeout, start + limit),
  };
}

function lifeOf(played: PlayedTask, phases: readonly PhaseLife[], events: readonly ShutdownEvent[]): Life {
  const of = <T extends { readonly task: string }>(list: readonly T[]): T | undefined =>
    list.find((event) => event.task === played.task.name);
  const phase = phases.find((each) => each.phase.name === played.task.phase);
  if (phase === undefined) throw new Error('a task without a phase');
  const { event, ms } = played.registeredAt;
  const begun = phase.started !== undefined && phase.started.index < event;
  return {
    played,
    phase,
    mode: played.task.mode ?? phase.phase.mode,
    started: of(all(events, 'task-started')),
    finished: of(all(events, 'task-finished')),
    skipped: of(all(events, 'task-skipped')),
    straggles:
      begun && ((phase.finished !== undefined && phase.finished.index < event) || ms >= phase.deadline),
  };
}

function runFaults({ events, limit, pendingTimers, tasks }: Played): readonly Fault[] {
  const faults: Fault[] = [];
  const start = events[0]?.at ?? 0;
  const ends = all(events, 'run-finished');
  const [end] = ends;
  if (events[0]?.type !== 'run-started') faults.push('the first event is not the start of the run');
  if (all(events, 'run-started').length !== 1 || ends.length !== 1) faults.push('not one start and one end');
  if (end && end.at > start + limit) faults.push('the run ended after its deadline');
  if (pendingTimers !== 0) faults.push(`${pendingTimers} timers are left`);
  if (events.some((event, index) => event.at < (events[index - 1]?.at ?? 0)))
    faults.push('time ran backwards');
  const ids = [...all(events, 'task-started'), ...all(events, 'task-skipped')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push('a task was told twice to start or to be skipped');
  for (const event of events.slice((end?.index ?? events.length) + 1)) {
    const late = 'task' in event ? tasks.get(event.task)?.registeredAt.event : undefined;
    const afterwards = late !== undefined && end !== undefined && late > end.index;
    if (event.type !== 'task-settled-late' && !afterwards) faults.push(`${event.type} after the end`);
  }
  return faults;
}

function isBefore(name: string, later: Phase, phases: readonly PhaseLife[]): boolean {
  return later.after.some((each) => {
    const between = phases.find(({ phase }) => phase.name === each);
    return each === name || (between !== undefined && isBefore(name, between.phase, phases));
  });
}

function phaseFaults(
  life: PhaseLife,
  phases: readonly PhaseLife[],
  { events, from, limit, tasks }: Played,
): readonly Fault[] {
  const faults: Fault[] = [];
  const { phase, started, finished, skipped } = life;
  const say = (fault: string): void => void faults.push(`${phase.name} ${fault}`);
  const begin = started ?? skipped;
  if (begin === undefined || (started && skipped)) say('neither started nor was skipped, or both');
  if ((started === undefined) !== (finished === undefined)) say('has a start or an end without the other');
  if (finished && finished.at > life.deadline) say('ended after its deadline');
  for (const name of phase.after) {
    const earlier = phases.find((each) => each.phase.name === name);
    const end = earlier?.finished ?? earlier?.skipped;
    if (!end || (begin && end.index > begin.index)) say(`began before ${name} had ended`);
  }
  const start = events[0]?.at ?? 0;
  const target = phases.find((each) => each.phase.name === from);
  const aborted = phases.some(
    (each) =>
      each.phase.onFailure === 'abort' &&
      (each.finished?.outcome === 'failed' || each.finished?.outcome === 'timed-out') &&
      isBefore(each.phase.name, phase, phases),
  );
  const expected = !phase.enabled
    ? 'disabled'
    : target && isBefore(phase.name, target.phase, phases)
      ? 'before-from'
      : aborted
        ? 'aborted'
        : begin && begin.at >= start + limit
          ? 'deadline'
          : undefined;
  if (skipped?.cause !== expected) say(`was skipped for ${skipped?.cause}, not for ${expected}`);
  const there = Array.from(tasks.values()).filter(
    ({ task, registeredAt, withdrawn, disposed }) =>
      task.phase === phase.name && begin && registeredAt.event <= begin.index && !withdrawn && !disposed,
  );
  if (begin && begin.taskCount < there.length) say('was told to have fewer tasks than it has');
  return faults;
}

function lifeFaults({ played, phase, started, finished, skipped, straggles }: Life): readonly Fault[] {
  const faults: Fault[] = [];
  const { task, behaviour, calls, withdrawn, disposed } = played;
  const say = (fault: string): void => void faults.push(`${task.name} ${fault}`);
  if (calls > 1) say('was called more than once');
  if (withdrawn && calls > 0) say('was called although it was unregistered');
  if (started && skipped) say('was started and skipped');
  if (started && calls !== 1) say('was said to have started, and was not called');
  if ((started === undefined) !== (finished === undefined)) say('has a start or an end without the other');
  if (started && finished && finished.index < started.index) say('ended before it started');
  if (!started && !skipped && !withdrawn && !disposed) say('was dropped in silence');
  if (!disposed && !started && calls > 0) say('was called without an event');
  if (disposed && !withdrawn && calls !== 1) say('was disposed and not called');
  if (!started || !finished || disposed) return faults;

  const own = started.at + (task.timeout ?? phase.phase.timeout);
  const limit = straggles ? own : Math.min(own, phase.deadline);
  const lasts = behaviour.kind === 'never' ? Infinity : behaviour.kind === 'sleep' ? behaviour.ms : 0;
  const settles = started.at + lasts;
  if (finished.at > limit) say('was waited for after its time');
  if (finished.outcome === 'timed-out' && settles < finished.at) say('timed out although it had settled');
  if (finished.outcome !== 'timed-out') {
    const fails = behaviour.kind === 'sleep' ? behaviour.fails : /throw|reject/.test(behaviour.kind);
    if (finished.at !== settles) say('did not end when it settled');
    if ((finished.outcome === 'failed') !== fails) say(`has the outcome ${finished.outcome}`);
  }
  if (finished.abandoned !== (finished.outcome === 'timed-out'))
    say('is abandoned or not, against its outcome');
  return faults;
}

function injects(from: object, to: object, injections: Played['injections']): boolean {
  const seen = new Set<object>();
  const open = [...(injections.get(from) ?? [])];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (each === to) return true;
    if (!seen.has(each)) open.push(...(injections.get(each) ?? []));
    seen.add(each);
  }
  return false;
}

function orderFaults(life: Life, lives: readonly Life[], injections: Played['injections']): readonly Fault[] {
  const { started, finished, played } = life;
  if (!started || !finished || life.straggles) return [];
  const faults: Fault[] = [];
  const neighbours = lives.filter((each) => each !== life && each.phase === life.phase && !each.straggles);
  for (const other of neighbours) {
    const say = (fault: string): void =>
      void faults.push(`${played.task.name} ${fault} ${other.played.task.name}`);
    if (other.started && other.finished && life.mode === 'sequential') {
      const apart = other.finished.index < started.index || other.started.index > finished.index;
      if (!apart) say('is sequential and overlaps');
    }
    // A task cannot wait for one that was not there when it started.
    if (!other.started || !other.finished || other.played.registeredAt.event > started.index) continue;
    const tooEarly = other.finished.index > started.index;
    if (tooEarly && played.task.after?.includes(other.played.task.name))
      say('comes after, and did not wait for');
    const [owner, injector] = [played.task.owner, other.played.task.owner];
    if (!tooEarly || !owner || !injector || life.mode !== 'dependency' || other.mode !== 'dependency')
      continue;
    if (injects(injector, owner, injections) && !injects(owner, injector, injections)) {
      say('is injected, and did not wait for');
    }
  }
  if (!hasReason(life, neighbours)) faults.push(`${played.task.name} started late for no reason`);
  return faults;
}

/** A task starts with its phase, with its registration, or as another one of the phase ends. */
function hasReason({ started, phase, played }: Life, neighbours: readonly Life[]): boolean {
  return (
    started === undefined ||
    started.at === phase.started?.at ||
    started.at === played.registeredAt.ms ||
    neighbours.some(({ finished }) => finished?.at === started.at) ||
    // One that comes has the others arranged anew.
    neighbours.some((each) => each.played.registeredAt.ms === started.at)
  );
}
