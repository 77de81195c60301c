import { ConfigurableModuleBuilder, Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { assemble, machinePorts, type Assembly, type Ports } from './assembly.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { resolveOptions, type GracefulShutdownOptions } from './graceful-shutdown.options.js';
import { HttpDrain } from './http/http-drain.js';
import { InFlightWork } from './in-flight/in-flight-work.js';
import { LIFECYCLE } from './lifecycle/enable-graceful-shutdown.js';
import { CONFIG, HTTP_HOST, MODULES, nestProviders } from './lifecycle/nest-providers.js';
import { ProbeServer } from './probes/probe-server.js';
import { Readiness } from './readiness/readiness.js';
import { OPTIONS, token } from './tokens.js';

/** The token of the machine that the shutdown runs on: tests override it. */
export const PORTS = token('ports');

const ASSEMBLY = token('assembly');

const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<GracefulShutdownOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createGracefulShutdownOptions')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** A part of the assembly, under a token of its own. */
function part(provide: symbol | (new (...args: never[]) => unknown), of: (assembly: Assembly) => unknown) {
  return { provide, inject: [ASSEMBLY], useFactory: of };
}

const providers: Provider[] = [
  ...nestProviders,
  { provide: PORTS, useFactory: machinePorts },
  {
    provide: ASSEMBLY,
    inject: [OPTIONS, PORTS, MODULES, CONFIG, HTTP_HOST],
    useFactory: (
      options: unknown,
      ports: Ports,
      modules: ModulesContainer,
      config: ApplicationConfig,
      adapterHost: HttpAdapterHost,
    ): Assembly => {
      const ownModules = [...modules.values()].filter(({ metatype }) => metatype === GracefulShutdownModule);
      const settings = resolveOptions(options, ports.process.platform);
      return assemble(settings, { modules, config, adapterHost, ownModules }, ports);
    },
  },
  part(token('hooks'), ({ hooks }) => hooks),
  part(LIFECYCLE, ({ lifecycle }) => lifecycle),
  part(GracefulShutdown, ({ face }) => face),
  part(HttpDrain, ({ drain }) => drain),
  part(InFlightWork, ({ work }) => work),
  part(ProbeServer, ({ probeServer }) => probeServer),
  part(Readiness, ({ readiness }) => readiness),
];

/**
 * Shuts the app down in phases. Import it once, in the root module; it is global.
 *
 * `forRootAsync` takes `useFactory`, `useClass` or `useExisting`; a class returns the options from
 * `createGracefulShutdownOptions()`.
 */
@Module({
  providers,
  exports: [GracefulShutdown, HttpDrain, InFlightWork, ProbeServer, Readiness],
})
export class GracefulShutdownModule extends ConfigurableModuleClass {
  /**
   * The module with fixed options.
   *
   * Invalid options fail the start of the app with a `ShutdownConfigurationError`.
   */
  static override forRoot(options: GracefulShutdownOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options that are made with the app, from other providers. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}
