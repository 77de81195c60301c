import 'reflect-metadata';
import { markMethod } from '../discovery/method-mark.js';
import type { MarkedInstance } from '../discovery/provider-scan.js';
import type { MistakeList } from '../plan/mistake.js';
import type { InFlightWork } from './in-flight-work.js';

/**
 * The key on an instance with decorated methods that holds its `InFlightWork`. On the instance, because two apps
 * may share a class.
 */
const WORK = Symbol.for('nestjs-phased-shutdown.in-flight-work');

/**
 * Counts every call of the method as work in flight until its result settles: the drain waits for it. After the
 * drain has ended, a call throws `ShutdownInProgressError`.
 *
 * @param name the name in the report; `Class.method` by default
 *
 * @throws TypeError if it does not decorate a method
 *
 * @example
 * ```ts
 * @InFlight('charge card')
 * async charge(order: Order) {}
 * ```
 */
export function InFlight(name?: string): MethodDecorator {
  return (prototype: object, method: string | symbol, descriptor: PropertyDescriptor): void => {
    const original: unknown = descriptor.value;
    if (typeof original !== 'function') {
      throw new TypeError(
        `@InFlight on ${String(method)}: expected a method, got a property or an accessor. Call InFlightWork.run() there instead.`,
      );
    }
    markMethod(prototype, { decorator: '@InFlight', method, settings: {} });
    const label = name ?? `${prototype.constructor.name}.${String(method)}`;
    const followed = function (this: object, ...args: readonly unknown[]): unknown {
      const work: unknown = Reflect.get(this, WORK);
      const call = (): unknown => Reflect.apply(original, this, args);
      const caller = `${nameOf(this)}.${String(method)}`;
      return isWork(work) ? work.follow(label, call, caller) : call();
    };
    // Metadata that decorators below this one wrote on the method must be found on its replacement.
    for (const key of Reflect.getMetadataKeys(original)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), followed);
    }
    Object.defineProperty(followed, 'name', { value: original.name, configurable: true });
    descriptor.value = followed;
  };
}

/** Connects the instances with decorated methods to the `InFlightWork` that counts their calls. */
export function countWorkOf(
  providers: readonly MarkedInstance[],
  work: InFlightWork,
  mistakes: MistakeList,
): void {
  for (const { type, marks, instance } of providers) {
    for (const mark of marks.filter((each) => each.decorator === '@InFlight')) {
      const path = `${type.name}.${String(mark.method)}`;
      if (instance === undefined) {
        mistakes.add(
          'SHUTDOWN_REQUEST_SCOPED',
          path,
          '@InFlight cannot count the calls of a request-scoped provider. Inject InFlightWork and call run() instead.',
        );
      } else if (!Reflect.defineProperty(instance, WORK, { value: work, configurable: true })) {
        mistakes.add(
          'SHUTDOWN_INVALID_OPTION',
          path,
          '@InFlight cannot count the calls of a frozen object. Inject InFlightWork and call run() instead.',
        );
      }
    }
  }
}

/** Checks for the method, not the class: the decorator may come from another copy of the package. */
function isWork(value: unknown): value is Pick<InFlightWork, 'follow'> {
  return (
    typeof value === 'object' && value !== null && 'follow' in value && typeof value.follow === 'function'
  );
}

/** The class of an instance as a stack trace names it; an instance without a prototype does not have one. */
function nameOf(instance: object): string {
  return typeof instance.constructor === 'function' ? instance.constructor.name : 'Object';
}
