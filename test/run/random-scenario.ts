import * as fc from 'fast-check';
import { ShutdownConfigurationError } from '../../lib/plan/mistake.js';
import { MODES, ON_FAILURE, type Mode, type Phase, type PhaseOptions } from '../../lib/plan/phase.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import type { ShutdownEvent } from '../../lib/run/events.js';
import type { ShutdownRegistration } from '../../lib/run/registration.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { prepareRun, type RunHarness } from '../../lib/testing/run-plan.js';

/** What the function of a random task does. */
export type Behaviour =
  | { readonly kind: 'return' | 'throw' | 'resolve' | 'reject' | 'never' }
  | { readonly kind: 'sleep'; readonly ms: number; readonly fails: boolean };

interface RandomTask {
  readonly phase: number;
  readonly mode: Mode | undefined;
  readonly order: number | undefined;
  readonly after: readonly number[];
  readonly owner: number | undefined;
  readonly timeout: number | undefined;
  readonly behaviour: Behaviour;
}

interface RandomAction {
  /** The instant in the run, or the event, at which it happens. */
  readonly when: { readonly ms: number } | { readonly event: number };
  readonly what:
    | { readonly kind: 'register'; readonly task: RandomTask }
    | { readonly kind: 'dispose' | 'unregister'; readonly target: number }
    | { readonly kind: 'join' };
}

export interface Scenario {
  readonly phases: readonly {
    readonly mode: Mode;
    readonly timeout: number;
    readonly after: readonly number[] | undefined;
    readonly onFailure: 'continue' | 'abort';
    readonly enabled: boolean;
  }[];
  readonly owners: number;
  readonly injections: readonly (readonly [number, number])[];
  readonly tasks: readonly RandomTask[];
  /** The number of tasks at boot; the others are registered. */
  readonly atBoot: number;
  readonly actions: readonly RandomAction[];
  readonly from: number | undefined;
  readonly limit: number;
}

/** A task of a scenario, and what was done with it. */
export interface PlayedTask {
  readonly task: ShutdownTask;
  readonly behaviour: Behaviour;
  /** The number of events and the time at its registration. */
  readonly registeredAt: { readonly event: number; readonly ms: number };
  calls: number;
  withdrawn: boolean;
  disposed: boolean;
}

/** What happened in a scenario. */
export interface Played {
  readonly phases: readonly Phase[];
  readonly injections: ReadonlyMap<object, readonly object[]>;
  readonly tasks: ReadonlyMap<string, PlayedTask>;
  readonly events: readonly ShutdownEvent[];
  readonly from: string | undefined;
  readonly limit: number;
  /** Timers of the engine that are left at the end of the run, if no dispose may hold one. */
  readonly pendingTimers: number;
  readonly faults: readonly unknown[];
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.record({ kind: fc.constantFrom('return', 'throw', 'resolve', 'reject', 'never') }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sleep'), ms: fc.nat(60), fails: fc.boolean() }) },
);

const task: fc.Arbitrary<RandomTask> = fc.record({
  phase: fc.nat(4),
  mode: maybe(fc.constantFrom(...MODES)),
  order: maybe(fc.integer({ min: -2, max: 2 })),
  after: fc.array(fc.nat(9), { maxLength: 2 }),
  owner: maybe(fc.nat(5)),
  timeout: maybe(fc.integer({ min: 1, max: 60 })),
  behaviour,
});

const action: fc.Arbitrary<RandomAction> = fc.record({
  when: fc.oneof(fc.record({ ms: fc.nat(120) }), fc.record({ event: fc.nat(25) })),
  what: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('register'), task }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('dispose', 'unregister'), target: fc.nat(9) }),
    },
    fc.record({ kind: fc.constant('join') }),
  ),
});

/** Random phases and tasks, and random calls during the run. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  phases: fc.array(
    fc.record({
      mode: fc.constantFrom(...MODES),
      timeout: fc.integer({ min: 5, max: 60 }),
      after: maybe(fc.array(fc.nat(4), { maxLength: 3 })),
      onFailure: fc.constantFrom(...ON_FAILURE),
      enabled: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  owners: fc.constant(6),
  injections: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 8 }),
  tasks: fc.array(task, { maxLength: 10 }),
  atBoot: fc.nat(10),
  actions: fc.array(action, { maxLength: 5 }),
  from: maybe(fc.nat(4)),
  limit: fc.integer({ min: 20, max: 200 }),
});

function phaseOptions({ phases }: Scenario): readonly PhaseOptions[] {
  return phases.map(({ after, ...phase }, index) => ({
    ...phase,
    name: `phase ${index}`,
    // Only phases before it in the list, so that there is no cycle.
    ...(after && {
      after: [...new Set(after.filter((each) => each < index))].map((each) => `phase ${each}`),
    }),
  }));
}

/** Plays a scenario to its end on a clock of its own. */
export async function play(scenario: Scenario): Promise<Played> {
  const player = new Player(scenario);
  await player.play();
  return player.played();
}

class Player {
  readonly #clock = new ManualClock(10_000);
  readonly #options: readonly PhaseOptions[];
  readonly #owners: readonly object[];
  readonly #injections: ReadonlyMap<object, readonly object[]>;
  readonly #tasks = new Map<string, PlayedTask>();
  readonly #registrations: (ShutdownRegistration | undefined)[] = [];
  readonly #faults: unknown[] = [];
  /** Timers of the scenario itself. */
  #ownTimers = 0;
  #engineTimers = 0;
  readonly #harness: RunHarness;

  constructor(private readonly scenario: Scenario) {
    this.#options = phaseOptions(scenario);
    this.#owners = Array.from({ length: scenario.owners }, (_, index) => ({ owner: index }));
    this.#injections = new Map(
      this.#owners.map((owner, index) => [
        owner,
        scenario.injections.flatMap(([from, to]) => (from === index ? (this.#owners[to] ?? []) : [])),
      ]),
    );
    this.#harness = this.#prepare();
    for (const each of scenario.tasks.slice(scenario.atBoot)) this.#register(each);
  }

  async play(): Promise<void> {
    const { run } = this.#harness;
    const { actions, from, limit, phases } = this.scenario;
    // The first of the listeners, so that none of the others has meddled with the event.
    run.listen(({ type }) => {
      const disposes = Array.from(this.#tasks.values()).some(({ disposed }) => disposed);
      if (type === 'run-finished' && !disposes) this.#engineTimers = this.#clock.pending - this.#ownTimers;
    });
    for (const { when, what } of actions) {
      if ('ms' in when) void this.#sleep(when.ms).then(() => this.#act(what));
      else this.#atEvent(when.event, what);
    }
    const options = from === undefined ? {} : { from: `phase ${from % phases.length}` };
    void run.start({ kind: 'close' }, options);
    await this.#clock.advance(limit);
    if (run.status !== 'finished') this.#faults.push('the run has not ended by its deadline');
    await this.#clock.advance(1_000);
  }

  played(): Played {
    const { run, recorder } = this.#harness;
    const { from, limit, phases } = this.scenario;
    return {
      phases: run.registry.phaseGraph.phases,
      injections: this.#injections,
      tasks: this.#tasks,
      events: recorder.events,
      from: from === undefined ? undefined : `phase ${from % phases.length}`,
      limit,
      pendingTimers: this.#engineTimers + this.#clock.pending,
      faults: this.#faults,
    };
  }

  /** The tasks at boot; without any `after` if that and the injection form a cycle. */
  #prepare(): RunHarness {
    const { tasks, atBoot, limit } = this.scenario;
    const settings = { clock: this.#clock, phases: this.#options, injections: this.#injections, limit };
    const { phaseGraph } = prepareRun({ phases: this.#options }).run.registry;
    const written = tasks.slice(0, atBoot).map((each, index) => this.#write(each, `task ${index}`));
    const known = (each: ShutdownTask): ShutdownTask => ({
      ...each,
      after: (each.after ?? []).filter((name) => {
        const earlier = written.findIndex((other) => other.name === name);
        const phase = written[earlier]?.phase ?? '';
        return (
          earlier !== -1 &&
          name !== each.name &&
          (phase === each.phase || phaseGraph.precedes(phase, each.phase ?? ''))
        );
      }),
    });
    const boot = (list: readonly ShutdownTask[]): RunHarness => {
      const harness = prepareRun({ ...settings, tasks: list, progressInterval: 37 });
      for (const each of list) this.#note(each, tasks[Number(each.name.slice(5))]?.behaviour);
      this.#registrations.push(...list.map(() => undefined));
      return harness;
    };
    try {
      return boot(written.map(known));
    } catch (error) {
      if (!(error instanceof ShutdownConfigurationError)) throw error;
      return boot(written.map((each) => ({ ...each, after: [] })));
    }
  }

  #write(random: RandomTask, name: string): ShutdownTask {
    const { mode, order, owner, timeout, behaviour: does } = random;
    const phase = this.#options[random.phase % this.#options.length];
    const own = owner === undefined ? undefined : this.#owners[owner];
    return {
      name,
      phase: phase?.name ?? '',
      after: random.after.map((each) => `task ${each}`),
      run: () => this.#run(name, does),
      ...(mode && { mode }),
      ...(order !== undefined && { order }),
      ...(own && { owner: own }),
      ...(timeout !== undefined && { timeout: Math.min(timeout, phase?.timeout ?? timeout) }),
    };
  }

  #note(each: ShutdownTask, does: Behaviour = { kind: 'return' }, event = 0): void {
    const registeredAt = { event, ms: this.#clock.now() };
    this.#tasks.set(each.name, {
      task: each,
      behaviour: does,
      registeredAt,
      calls: 0,
      withdrawn: false,
      disposed: false,
    });
  }

  #run(name: string, does: Behaviour): unknown {
    const played = this.#tasks.get(name);
    if (played) played.calls += 1;
    switch (does.kind) {
      case 'return':
        return undefined;
      case 'throw':
        throw new Error('thrown');
      case 'resolve':
        return Promise.resolve();
      case 'reject':
        return Promise.reject(new Error('rejected'));
      case 'never':
        return new Promise(() => undefined);
      case 'sleep':
        return this.#sleep(does.ms).then(() => {
          if (does.fails) throw new Error('failed');
        });
    }
  }

  async #sleep(ms: number): Promise<void> {
    this.#ownTimers += 1;
    await new Promise<void>((resolve) => {
      this.#clock.schedule(() => {
        this.#ownTimers -= 1;
        resolve();
      }, ms);
    });
  }

  #atEvent(count: number, what: RandomAction['what']): void {
    let heard = 0;
    this.#harness.run.listen(() => {
      heard += 1;
      if (heard === count + 1) this.#act(what);
    });
  }

  #act(what: RandomAction['what']): void {
    switch (what.kind) {
      case 'join':
        void this.#harness.run.start({ kind: 'message' });
        return;
      case 'register':
        this.#register(what.task);
        return;
      default:
        this.#take(what.kind, what.target);
    }
  }

  #take(kind: 'dispose' | 'unregister', target: number): void {
    const registration = this.#registrations[target];
    const played = this.#tasks.get(registration?.name ?? '');
    if (registration === undefined || played === undefined) return;
    if (kind === 'unregister') {
      played.withdrawn = registration.unregister() || played.withdrawn;
      return;
    }
    played.disposed = true;
    registration[Symbol.asyncDispose]().catch(() => undefined);
  }

  #register(random: RandomTask): void {
    const index = this.#registrations.length;
    const name = `task ${index}`;
    const written = this.#write(random, name);
    this.#registrations.push(undefined);
    for (const each of [written, { ...written, after: [] }]) {
      this.#note(each, random.behaviour, this.#harness.recorder.events.length);
      try {
        this.#registrations[index] = this.#harness.run.register(each);
        return;
      } catch (error) {
        this.#tasks.delete(name);
        if (!(error instanceof ShutdownConfigurationError)) this.#faults.push(error);
      }
    }
    this.#faults.push(`${name} was refused although nothing is wrong with it`);
  }
}
