import { setTimeout as sleep } from 'node:timers/promises';
import { READINESS_PATH } from './application.js';

/** Milliseconds from the signal for which an instance goes on serving, where the variant can wait. */
const DELAY = 500;

/** Milliseconds that a request in flight may take; where a peer's default is less, its own requests need it. */
const TIMEOUT = 5_000;

/**
 * What each variant is and how its README says to use it. `attach` gets the application before it listens and
 * says how the balancer learns whether it is ready: by `isReady`, on a `probe` of its own, or not at all.
 */
export const VARIANTS = {
  async ours() {
    const { GracefulShutdownModule, OnShutdown, Readiness, enableGracefulShutdown } =
      await import('nestjs-phased-shutdown');
    return {
      imports: [GracefulShutdownModule.forRoot({ shutdownDelay: DELAY })],
      onShutdown: OnShutdown('close'),
      attach(app) {
        enableGracefulShutdown(app);
        const readiness = app.get(Readiness);
        return { isReady: () => readiness.state === 'ready' };
      },
    };
  },

  // It knows neither a delay nor readiness.
  async nest() {
    return {
      attach(app) {
        app.enableShutdownHooks();
        return {};
      },
    };
  },

  // It knows neither a delay nor readiness.
  async 'nestjs-graceful-shutdown'() {
    const { GracefulShutdownModule, setupGracefulShutdown } = await import('nestjs-graceful-shutdown');
    return {
      imports: [GracefulShutdownModule.forRoot({ gracefulShutdownTimeout: TIMEOUT })],
      attach(app) {
        setupGracefulShutdown({ app });
        return {};
      },
    };
  },

  async '@godaddy/terminus'() {
    const { createTerminus } = await import('@godaddy/terminus');
    return {
      attach(app) {
        createTerminus(app.getHttpServer(), {
          healthChecks: { [READINESS_PATH]: () => Promise.resolve() },
          beforeShutdown: () => sleep(DELAY),
          onSignal: () => app.close(),
          timeout: TIMEOUT,
          useExit0: true,
        });
        return {};
      },
    };
  },

  async lightship() {
    const { createLightship } = await import('lightship');
    const lightship = await createLightship({ shutdownDelay: DELAY });
    return {
      attach(app) {
        lightship.registerShutdownHandler(() => app.close());
        return {
          probe: { port: lightship.server.address().port, path: '/ready' },
          listening: () => lightship.signalReady(),
        };
      },
    };
  },

  // It has neither; both are easily had in its callback, so they are granted.
  async 'close-with-grace'() {
    const { default: closeWithGrace } = await import('close-with-grace');
    return {
      attach(app) {
        closeWithGrace({ logger: false }, async () => {
          await sleep(DELAY);
          await app.close();
        });
        return { isReady: () => !closeWithGrace.closing };
      },
    };
  },
};
