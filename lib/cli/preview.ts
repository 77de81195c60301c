import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LoggerService } from '@nestjs/common';
import type * as NestCore from '@nestjs/core';
import { assemble, machinePorts, type NestParts } from '../assembly.js';
import { notDrained } from '../notice.js';
import { previewSight, unknownFactories } from '../discovery/preview-sight.js';
import { tokenOf } from '../discovery/provider-scan.js';
import type { ShutdownFeature, ShutdownFeatureFactory } from '../feature.js';
import { resolveOptions, type ShutdownSettings } from '../graceful-shutdown.options.js';
import type { Platform } from '../process/process-port.js';
import type { ShutdownPlan } from '../plan/shutdown-plan.js';
import { OPTIONS } from '../tokens.js';
import type { Application } from './command-line.js';
import { loadRootModule, type RootModule } from './root-module.js';
import { WrongUse, firstLine } from './wrong-use.js';
import { optionsOf, readGivenOptions, type OptionsSource, type WrittenOptions } from './written-options.js';

/** An application as Nest shows it without making it. */
export interface Preview {
  readonly plan: ShutdownPlan;
  readonly settings: ShutdownSettings;
  readonly optionsFrom: OptionsSource;
  /** What is doubtful about the plan, or not to be seen in a preview, a sentence each. */
  readonly warnings: readonly string[];
}

type Core = typeof NestCore;

/**
 * Shows an application in Nest's preview mode and plans its shutdown: no provider is made, no factory called but one
 * of the options that injects nothing, and no connection opened.
 *
 * @throws WrongUse where there is no such application
 * @throws ShutdownConfigurationError with all that would keep it from starting
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

/** The copy of Nest that the application has. */
async function coreOf(file: string): Promise<Core> {
  try {
    const path = createRequire(resolve(file)).resolve('@nestjs/core');
    // What is loaded by this name has this shape.
    return (await import(pathToFileURL(path).href)) as Core;
  } catch (error) {
    throw new WrongUse(`${file}: @nestjs/core cannot be loaded from there: ${firstLine(error)}`);
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
    throw new WrongUse(`${file}: Nest cannot show the application: ${firstLine(error)}`);
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

/**
 * A feature of the user may look into instances, and find nothing there in a preview: the rest is to be seen all the
 * same.
 */
function guarded(make: ShutdownFeatureFactory): ShutdownFeatureFactory {
  return (application) => {
    const attempt = <T>(step: () => T, otherwise: T): T => {
      try {
        return step();
      } catch (error) {
        const why = `a preview cannot show it (${firstLine(error)})`;
        application.notify(notDrained('What one of the `features` drains', why));
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
    `The options come from a factory that injects ${injects.join(', ')}, and a preview makes no provider: this is the plan of the default options. Give those of the factory with --options.`,
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
      `Factories are not called in a preview: handlers on what they make are not in the plan (${named}).`,
    );
  }
  if (features.length > 0) {
    warnings.push(
      'What the `features` drain they find when the application starts, such as the servers that main.ts connects: their tasks may be missing here.',
    );
  }
  return warnings;
}

/** Our own module, as often as it is in the application; of another copy of the package as well. */
function ownModules(modules: NestCore.ModulesContainer) {
  return [...modules.values()].filter(({ providers }) => providers.has(OPTIONS));
}
