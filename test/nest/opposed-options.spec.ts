import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  GracefulShutdownModule,
  enableGracefulShutdown,
  type GracefulShutdownOptions,
} from '../../lib/index.js';
import { RecordedLog } from './application.js';

/** The warnings of an application that is created with these options of Nest's. */
async function warningsOf(
  options: { readonly forceCloseConnections?: boolean; readonly return503OnClosing?: boolean },
  shutdown: GracefulShutdownOptions = {},
): Promise<readonly string[]> {
  const log = new RecordedLog();
  @Module({ imports: [GracefulShutdownModule.forRoot({ logger: log, signals: [], ...shutdown })] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { ...options, logger: false });
  enableGracefulShutdown(app);
  await app.close();
  return log.warnings;
}

describe('at boot', () => {
  test.each([{ forceCloseConnections: true }, { return503OnClosing: true }])(
    'warns about %p, which defeats the drain',
    async (options) => {
      const [name = ''] = Object.keys(options);
      expect(await warningsOf(options)).toEqual([
        expect.stringContaining(`created with ${name}, which works against`),
      ]);
    },
  );

  test('is silent if neither is set', async () => {
    expect(await warningsOf({ forceCloseConnections: false })).toEqual([]);
  });

  test('is silent if Nest closes the servers itself', async () => {
    expect(await warningsOf({ forceCloseConnections: true }, { http: false })).toEqual([]);
  });
});
