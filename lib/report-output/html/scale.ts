import { milliseconds } from '../../plan/plan-text.js';
import type { RunningReport, ShutdownReport, TaskReport } from '../../report/shutdown-report.js';

/** A tick of the axis: its position in percent of the width, its label, and the side where the label has room. */
export interface Tick {
  readonly left: number;
  readonly text: string;
  readonly side: 'before' | 'behind';
}

const MOST_TICKS = 4;

/** What all parts of a page share. */
export interface Picture {
  readonly scale: Scale;
  /** The element id of a task's details: a link to it expands them. */
  readonly idOf: (task: TaskReport) => string;
}

export function pictureOf(report: ShutdownReport | RunningReport): Picture {
  const tasks = report.phases.flatMap((phase) => phase.tasks);
  const ids = new Map(tasks.map((task, index) => [task, `task-${index + 1}`]));
  return { scale: new Scale(report), idOf: (task) => ids.get(task) ?? '' };
}

/** Converts times to positions on the page. */
export class Scale {
  readonly #endMs: number;

  constructor(report: ShutdownReport | RunningReport) {
    const ends = report.phases.flatMap(({ startMs, durationMs, tasks }) => [
      startMs + durationMs,
      ...tasks.map((task) => task.startMs + task.durationMs + (task.settledLateMs ?? 0)),
    ]);
    // Without spreading into `Math.max`, which overflows the stack for long lists.
    this.#endMs = [report.durationMs, report.endedBy?.atMs ?? 0, ...ends].reduce(
      (most, end) => Math.max(most, end),
      1,
    );
  }

  /** The position in percent of the width. */
  percent(ms: number): number {
    const share = Math.min(1, Math.max(0, ms / this.#endMs));
    return Math.round(share * 10_000) / 100;
  }

  /** Round numbers, few enough for a phone. */
  get ticks(): readonly Tick[] {
    const step = roundStep(this.#endMs / MOST_TICKS);
    const count = Math.floor(this.#endMs / step);
    return Array.from({ length: count + 1 }, (_, index) => index * step).map((ms) => ({
      left: this.percent(ms),
      text: tickText(ms, step),
      side: this.#sideOf(ms),
    }));
  }

  #sideOf(ms: number): Tick['side'] {
    return this.percent(ms) > 88 ? 'before' : 'behind';
  }
}

/** The next of 1, 2, 5, 10, 20, 50 … */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least) ?? 10;
  return factor * power;
}

function tickText(ms: number, step: number): string {
  if (ms === 0) return '0';
  if (step >= 1_000) return `${Math.round(ms / 1_000)} s`;
  return step < 1 ? `${Number(ms.toPrecision(2))} ms` : milliseconds(ms);
}
