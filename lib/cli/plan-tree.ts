import { milliseconds, pathSum } from '../plan/plan-text.js';
import { fitOf } from '../plan/time-budget.js';
import type { PhaseDescription, PlanDescription, TaskDescription } from './plan-description.js';

/** The plan as a tree: phases with their timeouts, and below each its tasks with what they wait for. */
export function planTree(plan: PlanDescription): string {
  const { phases, longestPath, reserveMs, gracePeriodMs } = plan;
  const name = Math.max(0, ...phases.map((phase) => phase.name.length));
  const time = Math.max(0, ...phases.map((phase) => milliseconds(phase.timeoutMs).length));
  const lines = phases.flatMap((phase, index) => {
    const head = `${phase.name.padEnd(name)}  ${milliseconds(phase.timeoutMs).padStart(time)}`;
    const notes = phaseNotes(phase, phases[index - 1]?.name);
    return [[head, ...notes].join('  '), ...taskLines(phase)];
  });
  const { missingMs } = fitOf(longestPath, { grantedMs: gracePeriodMs });
  const path = longestPath.phases.flatMap((each) => phases.filter((phase) => phase.name === each));
  const sum = pathSum({
    phases: path.map((phase) => ({ name: phase.name, timeout: phase.timeoutMs })),
    ms: longestPath.ms,
  });
  const verdict = missingMs > 0 ? `${milliseconds(missingMs)} more than` : 'within';
  return [
    ...lines,
    '',
    `at most  ${sum}`,
    `and ${milliseconds(reserveMs)} for the end of the process, ${verdict} a gracePeriod of ${milliseconds(gracePeriodMs)}`,
  ].join('\n');
}

function phaseNotes({ mode, enabled, onFailure, after }: PhaseDescription, above: string | undefined) {
  const notes: string[] = [enabled ? mode : 'disabled'];
  const simplyFollows = after.length === 1 && after[0] === above;
  if (after.length > 0 && !simplyFollows) notes.push(`after ${after.join(', ')}`);
  if (after.length === 0 && above !== undefined) notes.push('starts at once');
  if (onFailure === 'abort') notes.push('onFailure: abort');
  return notes;
}

function taskLines({ tasks }: PhaseDescription): readonly string[] {
  if (tasks.length === 0) return ['└─ (nothing)'];
  const width = Math.max(...tasks.map((task) => task.name.length));
  return tasks.map((task, index) => {
    const branch = index === tasks.length - 1 ? '└─' : '├─';
    const notes = taskNotes(task);
    return `${branch} ${notes.length === 0 ? task.name : [task.name.padEnd(width), ...notes].join('  ')}`;
  });
}

function taskNotes({ mode, timeoutMs, waitsFor }: TaskDescription): readonly string[] {
  const notes: string[] = [];
  if (timeoutMs !== undefined) notes.push(milliseconds(timeoutMs));
  if (mode !== undefined) notes.push(mode);
  if (waitsFor.length > 0) notes.push(`after ${waitsFor.join(', ')}`);
  return notes;
}
