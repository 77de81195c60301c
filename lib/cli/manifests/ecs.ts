import { SIGTERM, type Grant, type GraceSetting } from './grant.js';
import type { ManifestValue } from './manifest-value.js';

const SETTING: GraceSetting = {
  name: 'stopTimeout',
  write: (ms) => `stopTimeout: ${Math.ceil(ms / 1_000)}`,
};

/** The upper bound of Fargate, in seconds. */
const LONGEST = 120;

/** Whether the document is a task definition, as registered or as described by AWS. */
export function isTaskDefinition(document: ManifestValue): boolean {
  return definitionOf(document).at('containerDefinitions').isThere;
}

/** The grants of the containers of an ECS task: 30 s each by default, at most 120 s on Fargate. */
export function ecsGrants(document: ManifestValue, file: string): readonly Grant[] {
  const task = definitionOf(document);
  const family = task.at('family').text() ?? '(unnamed)';
  const launchTypes = task
    .at('requiresCompatibilities')
    .items()
    .map((each) => each.text());
  // On EC2 instances the agent applies what is written, without an upper bound.
  const isBounded = launchTypes.length === 0 || launchTypes.includes('FARGATE');
  return task
    .at('containerDefinitions')
    .items()
    .map((container) => {
      const name = container.at('name').text() ?? '(unnamed)';
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
          ? [
              `stopTimeout: ${seconds} exceeds the maximum of ECS on Fargate. Set stopTimeout: ${LONGEST} or less.`,
            ]
          : [],
      };
    });
}

function definitionOf(document: ManifestValue): ManifestValue {
  const described = document.at('taskDefinition');
  return described.isThere ? described : document;
}
