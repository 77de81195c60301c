import type { Mode } from '../plan/phase.js';
import { markMethod } from './method-mark.js';

/** The phase of a handler and its position in it. */
export interface OnShutdownOptions {
  /**
   * The name of the phase.
   * @default 'close'
   */
  readonly phase?: string;
  /**
   * How the handler runs among the handlers of its phase.
   * @default the mode of the phase
   */
  readonly mode?: Mode;
  /**
   * The position in `sequential` mode: lower runs earlier.
   * @default 0
   */
  readonly order?: number;
  /**
   * Names of handlers that must end before this one starts. They must be in the same phase or in an earlier one.
   * Naming a handler of an earlier phase states that the order is intended, and silences the startup check for it.
   */
  readonly after?: readonly string[];
  /**
   * The name in the log and the report.
   * @default 'Class.method'
   */
  readonly name?: string;
  /**
   * Upper bound in milliseconds, counted from the handler's own start.
   * @default the timeout of the phase
   */
  readonly timeout?: number;
}

/**
 * Makes a method of a provider or controller a shutdown handler. It is called once, in its phase, with a
 * `ShutdownContext`. The phase waits for the promise it returns.
 *
 * Decorators stack: use several on one method for several phases. A subclass inherits the handlers of its base class;
 * if it decorates an inherited method again, its decorators replace those of the base class.
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
