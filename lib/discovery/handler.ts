import { checkKeys, isName } from '../plan/check-setting.js';
import type { MistakeList } from '../plan/mistake.js';
import { DEFAULT_PHASE } from '../plan/phase.js';
import { hasMethod } from '../nest/members.js';
import type { MethodMark } from './method-mark.js';
import type { OnShutdownOptions } from './on-shutdown.decorator.js';
import type { MarkedInstance } from './provider-scan.js';

export const HANDLER_KEYS: readonly (keyof OnShutdownOptions)[] = [
  'phase',
  'mode',
  'order',
  'after',
  'name',
  'timeout',
];

/** A decorated method of one instance. */
export interface Handler {
  readonly provider: MarkedInstance;
  readonly instance: object;
  readonly mark: MethodMark;
  /** `Class.method` */
  readonly label: string;
}

/** The phase that a handler names, which may not exist. */
export function phaseNamedBy({ mark }: Handler): string {
  return String(mark.settings['phase'] ?? DEFAULT_PHASE);
}

/** Checks what can be checked before the phases are known. */
export function readHandler(
  provider: MarkedInstance,
  mark: MethodMark,
  mistakes: MistakeList,
): readonly Handler[] {
  const label = `${provider.type.name}.${String(mark.method)}`;
  const { instance } = provider;
  if (instance === undefined) {
    mistakes.add(
      'SHUTDOWN_REQUEST_SCOPED',
      label,
      '@OnShutdown is on a request-scoped provider, which has no instance at shutdown. Move the method to a provider of the default scope.',
    );
    return [];
  }
  checkKeys(mark.settings, HANDLER_KEYS, { path: label, mistakes });
  const { name } = mark.settings;
  if (name !== undefined && !isName(name, { path: `${label}.name`, mistakes })) return [];
  // In a preview no constructor has run that could have assigned a function to the property.
  const isToCome = provider.stage === 'previewed' && !Reflect.has(instance, mark.method);
  if (!isToCome && !holdsFunction(instance, mark.method)) {
    mistakes.add(
      'SHUTDOWN_NOT_A_FUNCTION',
      label,
      '@OnShutdown is on a property that is not a function. Put it on a method.',
    );
    return [];
  }
  return [{ provider, instance, mark, label }];
}

/** The property may be a getter. It is called only here, because it was decorated for that. */
function holdsFunction(instance: object, property: string | symbol): boolean {
  if (hasMethod(instance, property)) return true;
  try {
    return typeof Reflect.get(instance, property) === 'function';
  } catch {
    return false;
  }
}
