import type { Platform } from '../process/process-port.js';
import type { Answer } from './answer.js';
import type { Command } from './command-line.js';
import { describePlan } from './plan-description.js';
import { planMermaid } from './plan-mermaid.js';
import { planTree } from './plan-tree.js';
import { previewApplication } from './preview.js';

/** Prints the plan in the requested format. */
export async function answerPlan(
  { application, format }: Extract<Command, { readonly kind: 'plan' }>,
  platform: Platform,
): Promise<Answer> {
  const preview = await previewApplication(application, platform);
  const plan = describePlan(preview);
  const texts = {
    text: () => planTree(plan),
    mermaid: () => planMermaid(plan),
    json: () => JSON.stringify(plan, undefined, 2),
  };
  return { exitCode: 0, result: texts[format](), remarks: preview.warnings };
}
