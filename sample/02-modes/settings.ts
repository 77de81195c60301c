import type { Type } from '@nestjs/common';
import type { PhaseOptions } from 'nestjs-phased-shutdown';
import { Cache, Consumers, Metrics, Outbox, Pool, Requests, Search } from './services.js';

/** An order of the shutdown, as written in the options. */
export interface Setting {
  readonly title: string;
  readonly phases: readonly PhaseOptions[];
  readonly providers: readonly Type[];
  /** The expected result: tasks in one list run in parallel, and the lists follow each other. */
  readonly expected: readonly (readonly string[])[];
}

export const SETTINGS: readonly Setting[] = [
  {
    title: 'Everything in parallel: no phase waits for another',
    phases: [
      { name: 'drain', after: [], timeout: 1_000 },
      { name: 'flush', after: [], timeout: 1_000 },
    ],
    providers: [Requests, Consumers, Outbox, Metrics],
    expected: [['Requests.finish', 'Consumers.stop', 'Outbox.publish', 'Metrics.send']],
  },
  {
    title: 'Phases in order, their tasks in parallel',
    phases: [
      { name: 'drain', mode: 'parallel', timeout: 1_000 },
      { name: 'flush', mode: 'parallel', timeout: 1_000 },
    ],
    providers: [Requests, Consumers, Outbox, Metrics],
    expected: [
      ['Requests.finish', 'Consumers.stop'],
      ['Outbox.publish', 'Metrics.send'],
    ],
  },
  {
    title: 'Everything one after the other',
    phases: [
      { name: 'drain', mode: 'sequential', timeout: 1_000 },
      { name: 'flush', mode: 'sequential', timeout: 1_000 },
    ],
    providers: [Requests, Consumers, Outbox, Metrics],
    expected: [['Requests.finish'], ['Consumers.stop'], ['Outbox.publish'], ['Metrics.send']],
  },
  {
    title: "Two together, then the third, within one phase: the third is 'sequential'",
    phases: [{ name: 'close', mode: 'parallel', timeout: 1_000 }],
    providers: [Cache, Search, Pool],
    expected: [['Cache.close', 'Search.close'], ['Pool.end']],
  },
];
