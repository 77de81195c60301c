import { isName, isRecord } from './check-setting.js';
import type { MistakeList } from './mistake.js';
import { nameAdvice } from './nearest-name.js';
import { DRAIN_PHASE, UNREADY_PHASE } from './phase.js';
import { PhaseGraph } from './phase-graph.js';
import { unreadyTimeout } from './time-budget.js';

/**
 * The phases that the user configured. The list is kept as written, with two exceptions: `unready` is prepended if it
 * is missing, and its timeout defaults to `shutdownDelay` + 1 000 ms.
 */
export class UserPhases {
  readonly graph: PhaseGraph;
  readonly #names: readonly string[];

  constructor(
    written: unknown,
    private readonly context: { readonly shutdownDelay: number; readonly mistakes: MistakeList },
  ) {
    this.#names = Array.isArray(written)
      ? written.flatMap((phase: unknown) => (isRecord(phase) ? [String(phase['name'])] : []))
      : [];
    this.graph =
      Array.isArray(written) && written.length > 0
        ? this.#withUnready(written)
        : PhaseGraph.from(written, context.mistakes);
    this.#checkDelay();
  }

  /** The phase of a feature: the one that its option names, else `drain`, else the first phase after `unready`. */
  featurePhase(named: unknown, path: string): string {
    const { mistakes } = this.context;
    const first = this.#names.find((name) => name !== UNREADY_PHASE) ?? UNREADY_PHASE;
    const fallback = this.#names.includes(DRAIN_PHASE) ? DRAIN_PHASE : first;
    if (named === undefined || !isName(named, { path, mistakes })) return fallback;
    if (this.graph.phase(named)) return named;
    const advice = nameAdvice(named, this.graph.names);
    mistakes.add('SHUTDOWN_UNKNOWN_PHASE', path, `unknown phase '${named}'. ${advice}`);
    return fallback;
  }

  #withUnready(written: readonly unknown[]): PhaseGraph {
    const { shutdownDelay, mistakes } = this.context;
    const timeout = unreadyTimeout(shutdownDelay);
    if (written.some(isUnready)) {
      const list = written.map((phase) =>
        isUnready(phase) && phase['timeout'] === undefined ? { ...phase, timeout } : phase,
      );
      return PhaseGraph.from(list, mistakes);
    }
    return PhaseGraph.from(written, mistakes, [{ name: UNREADY_PHASE, timeout }]);
  }

  #checkDelay(): void {
    const { shutdownDelay, mistakes } = this.context;
    const unready = this.graph.phase(UNREADY_PHASE);
    if (unready === undefined || unready.timeout > shutdownDelay) return;
    mistakes.add(
      'SHUTDOWN_DELAY_EXCEEDS_PHASE',
      'shutdownDelay',
      `expected less than ${unready.timeout} ms, the timeout of phase '${UNREADY_PHASE}', got ${shutdownDelay} ms. Omit the timeout of that phase, or raise it.`,
    );
  }
}

function isUnready(phase: unknown): phase is Readonly<Record<string, unknown>> {
  return isRecord(phase) && phase['name'] === UNREADY_PHASE;
}
