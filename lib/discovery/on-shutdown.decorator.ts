import type { Mode } from '../plan/phase.js';
import { markMethod } from './method-mark.js';

/** Where a handler stands in the shutdown. */
export interface OnShutdownOptions {
  /** @default 'close' */
  readonly phase?: string;
  /** @default the mode of the phase */
  readonly mode?: Mode;
  /**
   * The place among the handlers of the phase where a mode is `sequential`: lower runs earlier.
   * @default 0
   */
  readonly order?: number;
  /**
   * Names of handlers that must have ended before this one starts: of the same phase, or of a phase that
   * comes before it, where it says that the order is meant.
   */
  readonly after?: readonly string[];
  /** @default 'Class.method' */
  readonly name?: string;
  /**
   * Milliseconds from the handler's own start.
   * @default the timeout of the phase
   */
  readonly timeout?: number;
}

/**
 * Makes a method of a provider or controller a handler of the shutdown: it is called once, in its phase,
 * with a `ShutdownContext`, and the phase waits for the promise that it returns.
 *
 * May stand several times on a method, for several phases. A subclass inherits the handlers of its base;
 * where it decorates an inherited method again, its own decorators replace those of the base.
 *
 * @example
 * ```ts
 * @OnShutdown('flush')
 * async publishRest({ signal }: ShutdownContext) {}
 * ```
 */
export function OnShutdown(phase?: string, mode?: Mode): MethodDecorator & PropertyDecorator;
export function OnShutdown(options: OnShutdownOptions): MethodDecorator & PropertyDecorator;
export function OnShutdown(
  phaseOrOptions?: string | OnShutdownOptions,
  mode?: Mode,
): MethodDecorator & PropertyDecorator {
  const settings =
    typeof phaseOrOptions === 'object' ? { ...phaseOrOptions } : { phase: phaseOrOptions, mode };
  return (prototype: object, method: string | symbol): void => {
    markMethod(prototype, { decorator: '@OnShutdown', method, settings });
  };
}
