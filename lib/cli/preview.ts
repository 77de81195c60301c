import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LoggerService } from '@nestjs/common';
import type * as NestCore from '@nestjs/core';
import { assemble, machinePorts, type NestParts } from '../assembly.js';
import { previewSight, unknownFactories } from '../discovery/preview-sight.js';
import { tokenOf } from '../discovery/provider-scan.js';
import type { ShutdownFeature, ShutdownFeatureFactory } from '../feature.js';
import { resolveOptions, type ShutdownSettings } from '../graceful-shutdown.options.js';
import { notDrained } from '../notice.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import type { Platform } from '../process/process-port.js';
import { OPTIONS } from '../tokens.js';
import type { Application } from './command-line.js';
import { loadRootModule, type RootModule } from './root-module.js';
import { optionsOf, readGivenOptions, type OptionsSource, type WrittenOptions } from './written-options.js';
import { WrongUse, firstLine } from './wrong-use.js';

/** An application in Nest's preview mode. */
export interface Preview {
  readonly plan: ShutdownPlan;
  readonly settings: ShutdownSettings;
  readonly optionsFrom: OptionsSource;
  /** Doubts about the plan, and what a preview cannot see, one sentence each. */
  readonly warnings: readonly string[];
}

type Core = typeof NestCore;

/**
 * Loads an application in Nest's preview mode and plans its shutdown. No provider is created and no connection
 * opened. The only factory called is that of the options, and only if it injects nothing.
 *
 * @throws WrongUse if the application cannot be loaded
 * @throws ShutdownConfigurationError with everything that would keep it from starting
 */
export async function previewApplication(
  { file, exported, options, place }: Application,
  here: Platform,
): Promise<Preview> {
  const platform = place === 'kubernetes' ? { ...here, inKubernetes: true } : here;
  const root = await loadRootModule(file, exported);
  const core = await coreOf(file);
  const app = await shown(root, { core, file });
  const modules = app.get(core.ModulesContainer);
  const own = await optionsOf(modules);
  const written = options === undefined ? own : await readGivenOptions(options);
  return planOf({ modules, config: app.get(core.ApplicationConfig) }, { written, platform });
}

/** The application's own copy of Nest. */
async function coreOf(file: string): Promise<Core> {
  try {
    const path = createRequire(resolve(file)).resolve('@nestjs/core');
    // The module of this name has this shape.
    return (await import(pathToFileURL(path).href)) as Core;
  } catch (error) {
    throw new WrongUse(`${file}: @nestjs/core cannot be loaded from its folder: ${firstLine(error)}`);
  }
}

async function shown(root: RootModule, { core, file }: { readonly core: Core; readonly file: string }) {
  try {
    return await core.NestFactory.createApplicationContext(root, {
      preview: true,
      abortOnError: false,
      logger: false,
    });
  } catch (error) {
    throw new WrongUse(`${file}: Nest cannot load the application in preview mode: ${firstLine(error)}`);
  }
}

function planOf(
  { modules, config }: Pick<NestParts, 'modules' | 'config'>,
  { written, platform }: { readonly written: WrittenOptions; readonly platform: Platform },
): Preview {
  const settings = resolveOptions(written.value, platform);
  const log = new Warnings();
  const features = settings.features.map(guarded);
  const { shutdown } = assemble(
    { ...settings, features, logger: log },
    {
      modules,
      config,
      // No adapter is created in a preview.
      adapterHost: undefined,
      ownModules: ownModules(modules),
      sight: previewSight(modules),
    },
    machinePorts(),
  );
  shutdown.prepare();
  return {
    plan: shutdown.plan(),
    settings,
    optionsFrom: written.source,
    warnings: [...optionsWarning(written), ...log.texts, ...unseenWarnings(modules, settings)],
  };
}

/** Keeps what the startup checks log: nothing is logged while a plan is shown. */
class Warnings implements LoggerService {
  readonly texts: string[] = [];

  log(): void {
    // The plan itself is shown in another form.
  }

  warn(text: string): void {
    this.texts.push(text);
  }

  error(text: string): void {
    this.texts.push(text);
  }
}

/** A user's feature may read instances, which are empty in a preview. The rest of the plan is shown anyway. */
function guarded(make: ShutdownFeatureFactory): ShutdownFeatureFactory {
  return (application) => {
    const attempt = <T>(step: () => T, otherwise: T): T => {
      try {
        return step();
      } catch (error) {
        const why = `a preview cannot see it (${firstLine(error)})`;
        application.notify(notDrained('The work of one of the `features`', why));
        return otherwise;
      }
    };
    const nothing: ShutdownFeature = { prepare: () => [] };
    const feature = attempt(() => make(application), nothing);
    return { prepare: (complete) => attempt(() => feature.prepare(complete), []) };
  };
}

function optionsWarning({ source, injects }: WrittenOptions): readonly string[] {
  if (source !== 'defaults') return [];
  return [
    `The options come from a factory that injects ${injects.join(', ')}, which a preview does not create. This is the plan of the default options. Pass the options of the factory with --options.`,
  ];
}

function unseenWarnings(
  modules: NestCore.ModulesContainer,
  { features }: ShutdownSettings,
): readonly string[] {
  const own = ownModules(modules);
  const factories = unknownFactories(modules)
    .filter(({ host }) => !own.some((module) => module === host))
    .map(tokenOf);
  const warnings: string[] = [];
  if (factories.length > 0) {
    const named =
      factories.slice(0, 8).join(', ') + (factories.length > 8 ? ` and ${factories.length - 8} more` : '');
    warnings.push(
      `A preview does not call factories. Handlers of what they create are missing from the plan (${named}).`,
    );
  }
  if (features.length > 0) {
    warnings.push(
      'The `features` find what they drain when the application starts, such as servers that main.ts connects. Their tasks may be missing from the plan.',
    );
  }
  return warnings;
}

/** Every instance of our module in the application, including those of another copy of the package. */
function ownModules(modules: NestCore.ModulesContainer) {
  return [...modules.values()].filter(({ providers }) => providers.has(OPTIONS));
}
