import 'reflect-metadata';
import { markMethod } from '../discovery/method-mark.js';
import type { MarkedInstance } from '../discovery/provider-scan.js';
import type { MistakeList } from '../plan/mistake.js';
import type { InFlightWork } from './in-flight-work.js';

/** On an instance with decorated methods: where its work is counted. Two applications may share a class. */
const WORK = Symbol.for('nestjs-phased-shutdown.in-flight-work');

/**
 * Counts every call of a method as work in flight, until what it returns has settled: the drain waits for it.
 * Once the drain has ended, a call throws `ShutdownInProgressError`.
 *
 * @param name how the work is named in the report; `Class.method` by default
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
      throw new TypeError(`@InFlight on ${String(method)}: it stands on something that is no method.`);
    }
    markMethod(prototype, { decorator: '@InFlight', method, settings: {} });
    const label = name ?? `${prototype.constructor.name}.${String(method)}`;
    const followed = function (this: object, ...args: readonly unknown[]): unknown {
      const work: unknown = Reflect.get(this, WORK);
      const call = (): unknown => Reflect.apply(original, this, args);
      const caller = `${nameOf(this)}.${String(method)}`;
      return isWork(work) ? work.follow(label, call, caller) : call();
    };
    // What decorators below this one wrote on the method has to be found on what stands in its place.
    for (const key of Reflect.getMetadataKeys(original)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), followed);
    }
    Object.defineProperty(followed, 'name', { value: original.name, configurable: true });
    descriptor.value = followed;
  };
}

/** Tells the instances with decorated methods where their work is counted. */
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
          '@InFlight stands on a provider of which Nest makes one per request, which cannot be told where to count. Inject InFlightWork and call run() instead.',
        );
      } else if (!Reflect.defineProperty(instance, WORK, { value: work, configurable: true })) {
        mistakes.add(
          'SHUTDOWN_INVALID_OPTION',
          path,
          '@InFlight stands on an instance that is frozen, which cannot be told where to count. Inject InFlightWork and call run() instead.',
        );
      }
    }
  }
}

/** Known by its method, since it may be of another copy of the package than the decorator. */
function isWork(value: unknown): value is Pick<InFlightWork, 'follow'> {
  return (
    typeof value === 'object' && value !== null && 'follow' in value && typeof value.follow === 'function'
  );
}

/** How a stack names the class of an instance; one without a prototype has none. */
function nameOf(instance: object): string {
  return typeof instance.constructor === 'function' ? instance.constructor.name : 'Object';
}
