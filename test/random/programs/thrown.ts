import { runInNewContext } from 'node:vm';
import type { Thrown } from '../scenario.js';

const fail = (): never => {
  throw new Error('it throws when it is looked at');
};

/** An error with a property that is not what a reader expects. */
function errorWith(property: string, descriptor: PropertyDescriptor): Error {
  return Object.defineProperty(new Error('hostile'), property, { configurable: true, ...descriptor });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circle(): Error {
  const error = new Error('circle');
  error.cause = new Error('back', { cause: error });
  return error;
}

const MAKERS: Readonly<Record<Thrown, () => unknown>> = {
  error: () => new Error('disk full'),
  'error-with-cause': () => new Error('not saved', { cause: new Error('disk full') }),
  string: () => 'disk full',
  undefined: () => undefined,
  aggregate: () => new AggregateError([new Error('one'), 'two'], 'both failed'),
  'message-object': () => errorWith('message', { value: { code: 7 } }),
  'message-list': () => errorWith('message', { value: ['name must be a string', { property: 'name' }] }),
  'message-undefined': () => errorWith('message', { value: undefined }),
  'message-getter': () => errorWith('message', { get: fail }),
  'stack-getter': () => errorWith('stack', { get: fail }),
  'stack-object': () => errorWith('stack', { value: { frames: [] } }),
  'name-getter': () => errorWith('name', { get: fail }),
  'cause-getter': () => errorWith('cause', { get: fail }),
  'cause-circle': circle,
  'cause-proxy': () => new Error('caused', { cause: revoked() }),
  'to-string': () => Object.assign(new Error('hostile'), { toString: fail }),
  'to-json': () => Object.assign(new Error('hostile'), { toJSON: fail }),
  frozen: () => Object.freeze(new Error('frozen')),
  'other-realm': () => runInNewContext('new TypeError("of another realm")'),
  'aggregate-hostile': () =>
    new AggregateError([revoked(), errorWith('message', { get: fail })], 'both failed'),
  'revoked-proxy': revoked,
  'null-prototype': () => Object.create(null),
  symbol: () => Symbol('thrown'),
};

/** Makes what the scenario says is thrown. */
export function thrownOf(name: Thrown): unknown {
  return (MAKERS[name] ?? MAKERS['error'])?.();
}
