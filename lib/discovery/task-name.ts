import { phaseNamedBy, type Handler } from './handler.js';

/** What can distinguish two handlers with the same label, best first. */
const MARKS: readonly (readonly ((handler: Handler, index: number) => string)[])[] = (() => {
  const phase = (handler: Handler): string => phaseNamedBy(handler);
  const token = ({ provider }: Handler): string => provider.token;
  const module = ({ provider }: Handler): string => provider.module;
  const number = (_: Handler, index: number): string => `#${index + 1}`;
  return [
    [phase],
    [token],
    [module],
    [phase, token],
    [phase, module],
    [token, module],
    [phase, token, module],
    [phase, number],
  ];
})();

/**
 * Names each handler: its given name, else `Class.method`. If several instances or phases share that label, a
 * distinguishing suffix follows: `Pool.close (UsersModule)`.
 *
 * The same method of the same instance twice in one phase stays ambiguous; the plan reports that as a configuration
 * error.
 */
export function distinctNames(handlers: readonly Handler[]): readonly string[] {
  const byLabel = new Map<string, Handler[]>();
  for (const handler of handlers) {
    if (handler.mark.settings['name'] !== undefined) continue;
    const namesakes = byLabel.get(handler.label);
    if (namesakes) namesakes.push(handler);
    else byLabel.set(handler.label, [handler]);
  }
  const names = new Map<Handler, string>();
  for (const [label, namesakes] of byLabel) {
    const suffixes = suffixesOf(namesakes);
    namesakes.forEach((handler, index) => names.set(handler, `${label}${suffixes[index] ?? ''}`));
  }
  return handlers.map((handler) => names.get(handler) ?? String(handler.mark.settings['name']));
}

function suffixesOf(namesakes: readonly Handler[]): readonly string[] {
  if (namesakes.length === 1 || hasRepetition(namesakes)) return [];
  for (const marks of MARKS) {
    const suffixes = namesakes.map(
      (handler, index) => ` (${marks.map((mark) => mark(handler, index)).join(', ')})`,
    );
    if (new Set(suffixes).size === namesakes.length) return suffixes;
  }
  return [];
}

/** Whether a method of one instance is listed twice in the same phase. */
function hasRepetition(namesakes: readonly Handler[]): boolean {
  return namesakes.some((a, index) =>
    namesakes.slice(index + 1).some((b) => a.instance === b.instance && phaseNamedBy(a) === phaseNamedBy(b)),
  );
}
