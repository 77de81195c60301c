import { buildPlan } from '../../lib/plan/build-plan.js';
import { closedBeforeHook } from '../../lib/startup-checks/closed-before-hook.js';
import { destroyedEarly } from '../../lib/startup-checks/destroyed-early.js';
import { doesNotFit } from '../../lib/startup-checks/does-not-fit.js';
import { drainOpposed } from '../../lib/startup-checks/drain-opposed.js';
import { hooksBeside } from '../../lib/startup-checks/hooks-beside.js';
import { noAck } from '../../lib/startup-checks/no-ack.js';
import { orderDoubted } from '../../lib/startup-checks/order-doubted.js';
import { otherListeners } from '../../lib/startup-checks/other-listeners.js';
import { pid1 } from '../../lib/startup-checks/pid-1.js';
import { signalsKept } from '../../lib/startup-checks/signals-kept.js';
import { signalsUnheard } from '../../lib/startup-checks/signals-unheard.js';
import { terminusDelay } from '../../lib/startup-checks/terminus-delay.js';
import type { Notice } from '../../lib/notice.js';
import { logged, type Line } from '../logging/logged.js';

const plan = buildPlan(
  [
    { name: 'drain', timeout: 15_000 },
    { name: 'close', timeout: 5_000, mode: 'dependency' },
  ],
  [{ name: 'Pool.end', run: () => undefined }],
);

describe('a finding says what is wrong and what to do, and how to silence it', () => {
  test.each<[string, Notice, Line]>([
    [
      'rule 9: the plan does not fit',
      doesNotFit(plan.longestPath, 20_500),
      {
        level: 'warn',
        text: "The shutdown plan may take longer than the grace period: drain 15 000 + close 5 000 = 20 000 ms, plus 1 000 ms for the end of the process, but gracePeriod is 20 500 ms. Shorten a phase, or raise gracePeriod together with what the platform grants. Silence this with doctor: { ignore: ['does-not-fit'] }.",
      },
    ],
    [
      'the order is doubted',
      orderDoubted({
        task: { name: 'Users.close', run: () => undefined },
        injected: { name: 'Pool.end', run: () => undefined },
      }),
      {
        level: 'warn',
        text: "'Users.close' runs after 'Pool.end' has ended, but the provider of 'Users.close' injects the provider of 'Pool.end'. Move one of them to another phase, or confirm the order with after: ['Pool.end'] on 'Users.close'. Silence this with doctor: { ignore: ['order-doubted'] }.",
      },
    ],
    [
      'the application works against the drain',
      drainOpposed(['forceCloseConnections', 'return503OnClosing']),
      {
        level: 'warn',
        text: "The app is created with forceCloseConnections and return503OnClosing, which works against the drain: forceCloseConnections cuts what the drain lets finish, return503OnClosing refuses what it still serves. The drain runs first and leaves them nothing to do: remove them. To refuse late requests, set http: { late: 'reject' }. Silence this with doctor: { ignore: ['drain-opposed'] }.",
      },
    ],
    [
      'the process is the first of its container',
      pid1(),
      {
        level: 'warn',
        text: "This is process 1 of its container: child processes that outlive their parents are never reaped, and a signal without a listener is ignored instead of ending the process. Start it under an init, such as tini or `docker run --init`. Silence this with doctor: { ignore: ['pid-1'] }.",
      },
    ],
    [
      'a shell stands in front',
      signalsKept('npm start'),
      {
        level: 'warn',
        text: 'Process 1 of the container is `npm start`, which does not pass signals on: the platform\'s SIGTERM may never arrive here. Start node itself, in the exec form: CMD ["node", "dist/main.js"]. Silence this with doctor: { ignore: [\'signals-kept\'] }.',
      },
    ],
    [
      'others listen to signals',
      otherListeners(['SIGTERM', 'SIGINT']),
      {
        level: 'warn',
        text: "Something else listens to SIGTERM and SIGINT as well, and may end the process while the phases run. Turn it into an @OnShutdown() handler, and leave the signals to enableGracefulShutdown(app). Silence this with doctor: { ignore: ['other-listeners'] }.",
      },
    ],
    [
      "Nest's own signals are asked for as well",
      hooksBeside(),
      {
        level: 'warn',
        text: "app.enableShutdownHooks() is called in addition to enableGracefulShutdown(app), which replaces it: remove the call. The option `signals` lists the signals that start the shutdown. Silence this with doctor: { ignore: ['hooks-beside'] }.",
      },
    ],
    [
      'a consumer acknowledges before the work',
      noAck('RabbitMQ orders'),
      {
        level: 'warn',
        text: "RabbitMQ orders consumes with noAck: true, so RabbitMQ forgets each message on delivery: a message that a deadline or a crash cuts off is lost. Use noAck: false, and acknowledge at the end of the message handler. Silence this with doctor: { ignore: ['no-ack'] }.",
      },
    ],
    [
      'a provider is destroyed before its time',
      destroyedEarly({ provider: 'Database', handler: 'Outbox.flush' }),
      {
        level: 'warn',
        text: "Database has an onModuleDestroy, which runs before the phases with runAt: 'before-application-shutdown', and Outbox.flush still needs it. Close it with @OnShutdown(), or leave runAt at its default. Silence this with doctor: { ignore: ['destroyed-early'] }.",
      },
    ],
    [
      'a Nest hook comes after a handler',
      closedBeforeHook({ hook: 'Sessions.onModuleDestroy', handler: 'Cache.close' }),
      {
        level: 'warn',
        text: "Sessions.onModuleDestroy runs after the phases, when Cache.close has already closed what it injects. Turn it into an @OnShutdown() handler of an earlier phase; if it no longer needs what is closed, ignore this. Silence this with doctor: { ignore: ['closed-before-hook'] }.",
      },
    ],
    [
      'terminus waits a second time',
      terminusDelay(5_000),
      {
        level: 'warn',
        text: "TerminusModule has gracefulShutdownTimeoutMs: 5000, which waits 5 000 ms more after the phases, when nothing is served any more. Remove it from TerminusModule.forRoot(), and set shutdownDelay: 5000 in GracefulShutdownModule.forRoot(). Silence this with doctor: { ignore: ['terminus-delay'] }.",
      },
    ],
    [
      'nothing listens to the signals',
      signalsUnheard(['SIGTERM', 'SIGINT']),
      {
        level: 'warn',
        text: "The app listens, but nothing listens to SIGTERM or SIGINT: the signal ends the process at once, and no phase runs. Call enableGracefulShutdown(app) after the app is created. Silence this with doctor: { ignore: ['signals-unheard'] }.",
      },
    ],
  ])('%s', (_, notice, line) => {
    expect(logged(notice)).toEqual(line);
  });
});
