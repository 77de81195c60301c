import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ShutdownConfigurationError } from './plan/mistake.js';

/** The tokens under which our providers inject those of Nest. */
export const MODULES = Symbol.for('nestjs-phased-shutdown.nest-modules');
export const CONFIG = Symbol.for('nestjs-phased-shutdown.nest-config');
export const HTTP_HOST = Symbol.for('nestjs-phased-shutdown.nest-http-host');

/**
 * What Nest provides to every application. Its classes are its tokens, so an application of another copy of Nest has
 * none of those that we import, and could only say that it cannot resolve one of our providers.
 */
export const nestProviders: readonly Provider[] = [
  [MODULES, ModulesContainer] as const,
  [CONFIG, ApplicationConfig] as const,
  [HTTP_HOST, HttpAdapterHost] as const,
].map(([provide, token]) => ({
  provide,
  inject: [{ token, optional: true }],
  useFactory: (found: unknown) => {
    if (found === undefined) throw new ShutdownConfigurationError([SECOND_NEST]);
    return found;
  },
}));

const SECOND_NEST = {
  code: 'SHUTDOWN_SECOND_NEST',
  path: '@nestjs/core',
  message:
    'the app was created by another copy of it than the one that nestjs-phased-shutdown imports. `npm ls @nestjs/core` shows two: install one version, and run `npm dedupe`.',
} as const;
