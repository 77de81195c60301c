import type { ShutdownContext } from 'nestjs-phased-shutdown';
import { Observable } from 'rxjs';
import type { BehaviourOf, TaskSpec } from '../scenario.js';
import { note, pause } from './note.js';
import { askToRun, close, registerNext, withdraw, type Stage } from './stage.js';
import { thrownOf } from './thrown.js';

/** The function of a task: does what the scenario says, and notes its start and how it settled. */
export function perform(task: TaskSpec, context: ShutdownContext, stage: Stage): unknown {
  const { name } = task;
  note({ what: 'task', task: name, step: 'start', phase: context.phase, deadline: context.deadline });
  context.signal.addEventListener('abort', () => note({ what: 'task', task: name, step: 'abort' }), {
    once: true,
  });
  const settle = {
    end: (): void => note({ what: 'task', task: name, step: 'end' }),
    fail: (): void => note({ what: 'task', task: name, step: 'fail' }),
  };
  return act(task, { context, stage, settle });
}

interface Scene {
  readonly context: ShutdownContext;
  readonly stage: Stage;
  readonly settle: { readonly end: () => void; readonly fail: () => void };
}

function act(task: TaskSpec, scene: Scene): unknown {
  const { behaviour } = task;
  const { context, settle } = scene;
  const fail = (thrown: string): never => {
    settle.fail();
    throw thrownOf(thrown);
  };
  switch (behaviour.kind) {
    case 'return':
      return settle.end();
    case 'resolve':
      return pause(behaviour.ms).then(settle.end);
    case 'throw':
      return fail(behaviour.thrown);
    case 'reject':
      return pause(behaviour.ms).then(() => fail(behaviour.thrown));
    case 'thenable':
      return thenable(behaviour, settle);
    case 'until-abort':
      return aborted(context.signal).then(settle.end);
    case 'late-rejection':
      return aborted(context.signal)
        .then(() => pause(behaviour.ms))
        .then(() => fail(behaviour.thrown));
    case 'hang':
      return new Promise(() => undefined);
    case 'block':
      block(behaviour.ms);
      return settle.end();
    case 'observable':
      return new Observable((subscriber) => {
        void pause(behaviour.ms).then(() => {
          subscriber.next('done');
          if (behaviour.thrown === undefined) settle.end();
          else settle.fail();
          if (behaviour.thrown === undefined) subscriber.complete();
          else subscriber.error(thrownOf(behaviour.thrown));
        });
      });
    case 'async-generator':
      return steps(behaviour, { end: settle.end, fail });
    default:
      return meddle(task, behaviour, scene);
  }
}

type Meddling =
  | BehaviourOf<'register'>
  | BehaviourOf<'dispose'>
  | BehaviourOf<'unregister'>
  | BehaviourOf<'run'>
  | BehaviourOf<'close'>
  | BehaviourOf<'stray-rejection'>
  | BehaviourOf<'leak'>;

/** What a handler does to others of the shutdown. */
function meddle(task: TaskSpec, behaviour: Meddling, { context, stage, settle }: Scene): unknown {
  switch (behaviour.kind) {
    case 'register':
      registerNext(task, behaviour, { from: context.phase, stage });
      return settle.end();
    case 'dispose':
    case 'unregister':
      withdraw(behaviour.kind, behaviour.target, stage);
      return settle.end();
    case 'run':
    case 'close': {
      const joined = behaviour.kind === 'run' ? askToRun(task.name, stage) : close(stage);
      return behaviour.awaited ? joined.then(settle.end) : settle.end();
    }
    case 'stray-rejection':
      void Promise.reject(thrownOf(behaviour.thrown));
      return settle.end();
    case 'leak':
      setInterval(() => undefined, 60_000);
      return settle.end();
  }
}

function thenable({ how, ms, thrown }: BehaviourOf<'thenable'>, settle: Scene['settle']): unknown {
  return {
    // A thenable is what is looked at here.
    // oxlint-disable-next-line unicorn/no-thenable
    then: (resolve: () => void, reject: (thrown: unknown) => void): void => {
      if (how === 'throws') {
        settle.fail();
        throw thrownOf(thrown);
      }
      setTimeout(() => {
        if (how === 'rejects') {
          settle.fail();
          reject(thrownOf(thrown));
          return;
        }
        settle.end();
        resolve();
        if (how === 'twice') reject(thrownOf(thrown));
      }, ms);
    },
  };
}

async function* steps(
  { ms, thrown }: BehaviourOf<'async-generator'>,
  settle: { readonly end: () => void; readonly fail: (thrown: string) => never },
): AsyncGenerator<number> {
  for (let step = 0; step < 3; step += 1) {
    await pause(ms / 3);
    yield step;
  }
  if (thrown === undefined) settle.end();
  else settle.fail(thrown);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
