import { SIGTERM, type Grant, type GraceSetting } from './grant.js';
import type { ManifestValue } from './manifest-value.js';

const SETTING: GraceSetting = {
  name: 'stopTimeout',
  write: (ms) => `stopTimeout: ${Math.ceil(ms / 1_000)}`,
};

/** Seconds that Fargate grants at most. */
const LONGEST = 120;

/** Whether it is a task definition: as it is registered, or as AWS describes one. */
export function isTaskDefinition(document: ManifestValue): boolean {
  return definitionOf(document).at('containerDefinitions').isThere;
}

/** What ECS grants each container of a task: 30 s unless it says otherwise, and at most 120 s. */
export function ecsGrants(document: ManifestValue, file: string): readonly Grant[] {
  const task = definitionOf(document);
  const family = task.at('family').text() ?? '(without a family)';
  const launchTypes = task
    .at('requiresCompatibilities')
    .items()
    .map((each) => each.text());
  // On machines of one's own the agent takes what is written.
  const isBounded = launchTypes.length === 0 || launchTypes.includes('FARGATE');
  return task
    .at('containerDefinitions')
    .items()
    .map((container) => {
      const name = container.at('name').text() ?? '(without a name)';
      const seconds = container.at('stopTimeout').amount('seconds');
      const isTooLong = isBounded && seconds !== undefined && seconds > LONGEST;
      const command = container.at('entryPoint').words() ?? container.at('command').words();
      return {
        file,
        subject: `task ${family}, container ${name}`,
        name,
        platform: 'other',
        setting: SETTING,
        graceMs: (isTooLong ? LONGEST : (seconds ?? 30)) * 1_000,
        origin: seconds === undefined ? 'default' : 'written',
        preStop: { kind: 'none' },
        stopBy: SIGTERM,
        ...(command === undefined ? undefined : { command }),
        wrongs: isTooLong
          ? [`stopTimeout: ${seconds} is more than the ${LONGEST} s that ECS on Fargate takes.`]
          : [],
      };
    });
}

function definitionOf(document: ManifestValue): ManifestValue {
  const described = document.at('taskDefinition');
  return described.isThere ? described : document;
}
