import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';

/** What a member of a hostile error does when it is looked at. */
function refuse(): never {
  throw new Error('look away');
}

const getter = { get: refuse, configurable: true };

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const traps: ProxyHandler<object> = {
  get: refuse,
  has: refuse,
  ownKeys: refuse,
  getPrototypeOf: refuse,
  getOwnPropertyDescriptor: refuse,
};

class ConstraintError {
  constructor(
    readonly property: string,
    readonly constraints: Readonly<Record<string, string>>,
  ) {}

  toString(): string {
    return `${this.property} is wrong: ${Object.values(this.constraints).join(', ')}`;
  }
}

/** Errors that list themselves and each other, sixteen times on each level. */
function crowd(depth: number): Error {
  const below = depth === 0 ? new Error('the first') : crowd(depth - 1);
  return new AggregateError(
    Array.from({ length: 20 }, () => below),
    'all',
  );
}

function own(members: PropertyDescriptorMap): Error {
  const error = new Error('x');
  // Node writes the stack as it is first asked for, from the name and the message of that moment.
  if (error.stack === undefined) throw error;
  return Object.defineProperties(error, members);
}

/** Things that somebody may throw, by what is wrong with them. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'an error whose message is an object': () => own({ message: { value: { code: 'E1' } } }),
  'an error whose message is a list': () => own({ message: { value: ['a is missing', 'b is empty'] } }),
  'an error whose message is undefined': () => own({ message: { value: undefined } }),
  'an error whose message is a symbol': () => own({ message: { value: Symbol('gone') } }),
  'an error whose message is a bigint': () => own({ message: { value: 7n } }),
  'an error whose message cannot be read': () => own({ message: getter }),
  'an error whose message is itself an error': () => own({ message: { value: new Error('inner') } }),
  'an error whose message is a proxy': () => own({ message: { value: new Proxy({}, traps) } }),
  'an error whose name is a number': () => own({ name: { value: 7 } }),
  'an error whose name is a symbol': () => own({ name: { value: Symbol('Name') } }),
  'an error whose name cannot be read': () => own({ name: getter }),
  'an error whose stack is an object': () => own({ stack: { value: {} } }),
  'an error whose stack cannot be read': () => own({ stack: getter }),
  'an error whose cause cannot be read': () => own({ cause: getter }),
  'an error whose cause is a revoked proxy': () => own({ cause: { value: revoked({}) } }),
  'an error whose code cannot be read': () => own({ code: getter }),
  'an error whose cause is itself': () => {
    const error: Error = new Error('round');
    error.cause = error;
    return error;
  },
  'an error whose toString throws': () => own({ toString: { value: refuse } }),
  'an error whose toString returns an object': () => own({ toString: { value: () => ({}) } }),
  'an error whose toJSON throws': () => own({ toJSON: { value: refuse } }),
  'an error whose Symbol.toPrimitive throws': () => own({ [Symbol.toPrimitive]: { value: refuse } }),
  'an error whose errors cannot be read': () => own({ errors: getter }),
  'an error whose errors are a revoked proxy': () => own({ errors: { value: revoked([]) } }),
  'an error whose errors are very many': () =>
    new AggregateError(
      Array.from({ length: 1e6 }, () => 'no'),
      'all',
    ),
  'an error whose errors are hostile': () =>
    new AggregateError([revoked({}), own({ message: getter })], 'both'),
  'errors that list errors without end': () => crowd(9),
  'an AggregateError without a message': () => new AggregateError([new Error('no v4'), new Error('no v6')]),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'a sealed error': () => Object.seal(new Error('sealed')),
  'an error of another realm': () => runInNewContext(`new TypeError('elsewhere')`),
  'an error of another realm with a list as its message': () =>
    runInNewContext(`Object.assign(new Error('x'), { message: ['a', 'b'] })`),
  'an error without a prototype': () => Object.setPrototypeOf(new Error('bare'), null),
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of an error': () => revoked(new Error('x')),
  'a proxy that throws at everything': () => new Proxy(new Error('x'), traps),
  'an object without a prototype': () => Object.create(null),
  'a DOMException': () => new DOMException('aborted', 'AbortError'),
  'a list of constraint errors': () => [new ConstraintError('name', { isString: 'name must be a string' })],
  'a very long message': () => new Error('x'.repeat(3_000_000)),
  'a very long text': () => 'x'.repeat(3_000_000),
  'a message with half a character': () => new Error(`half \ud83d of it`),
  'a message with commands for the terminal': () => new Error('\u001b[31mred\u001b[0m\u0007\r\nand more'),
  'an empty message': () => new Error(''),
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('gone'),
  'a bigint': () => 7n,
  'a function that cannot be written down': () => Object.assign(() => undefined, { toString: refuse }),
};

type Make = () => unknown;

// By functions that make them, since fast-check looks at its values too.
const value: fc.Arbitrary<Make> = fc.oneof(
  fc.constantFrom(...Object.values(HOSTILE)),
  fc
    .anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true })
    .map((each) => () => each),
);

const MEMBERS = ['message', 'name', 'stack', 'cause', 'code', 'errors', 'toString', 'toJSON'];

/** Makes anything that somebody may throw: each of the above, and errors with any member replaced by anything. */
export const thrown: fc.Arbitrary<Make> = fc.oneof(
  value,
  fc
    .dictionary(fc.constantFrom(...MEMBERS), fc.option(value), { noNullPrototype: true })
    .map((members) => () => {
      const entries = Object.entries(members);
      return own(
        Object.fromEntries(
          entries.map(([key, make]) => [key, make === null ? getter : { value: make(), configurable: true }]),
        ),
      );
    }),
);
