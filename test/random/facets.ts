/** What can be left out of random processes with `--without`, each with what it adds to them. */
export const FACETS = {
  'hostile-errors': 'errors that throw or lie when they are looked at',
  'stdout-gone': 'the reader of standard output leaves before the shutdown',
  'hostile-loggers': 'loggers that throw, reject or never settle',
  'returned-streams': 'handlers that return an Observable or an async generator',
  'deep-registration': 'hundreds of tasks, each registered by the one before',
  'waits-for-itself': 'handlers and requests that await `run()` or `app.close()`',
  'lazy-modules': 'handlers in modules that are loaded after the start',
  'bare-values': 'providers without a prototype',
  'clients-leave': 'clients that leave before their request is answered',
  'exit-none': "the option `exit: 'none'`",
  'boot-signals': 'signals during the start',
  'fatal-errors': 'uncaught exceptions and unhandled rejections',
  'nest-11': 'the older major of Nest',
  leaks: 'timers that keep the process alive',
} as const;

export type Facet = keyof typeof FACETS;

export function isFacet(word: string): word is Facet {
  return word in FACETS;
}
