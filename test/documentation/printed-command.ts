import { checkText } from '../../lib/cli/check-text.js';
import { checkFit } from '../../lib/cli/fit/check-fit.js';
import { helpText } from '../../lib/cli/help.js';
import { readManifest } from '../../lib/cli/manifests/read-manifest.js';
import { describePlan } from '../../lib/cli/plan-description.js';
import { planTree } from '../../lib/cli/plan-tree.js';
import { buildPlan } from '../../lib/plan/build-plan.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { measured } from '../cli/measured.js';

/** What the pages show of the command. */
export async function printedByCommand(): Promise<readonly string[]> {
  return [commands(), shopTree(), await tooShort()];
}

/** The lines of `--help` that name the commands. */
function commands(): string {
  return helpText(undefined)
    .split('\n')
    .filter((line) => /^ {2}phased-shutdown \w+ </.test(line))
    .map((line) => line.trim())
    .join('\n');
}

/** The plan of a shop as that of `sample/01-shop`, under Kubernetes. */
function shopTree(): string {
  const { settings } = measured({}, 'kubernetes');
  const database = { is: 'the database' };
  const broker = { is: 'the broker' };
  const instances = { is: 'the list of instances' };
  const outbox = { is: 'the outbox' };
  const task = (name: string, phase: string, owner?: object): ShutdownTask => ({
    name,
    phase,
    run: () => undefined,
    ...(owner === undefined ? undefined : { owner }),
  });
  const plan = buildPlan(
    settings.phaseGraph.phases,
    [
      task('shutdownDelay', 'unready'),
      task('HttpDrain.leave', 'unready'),
      task('HttpDrain', 'drain'),
      task('InFlightWork', 'drain'),
      task('Outbox.publishRest', 'flush', outbox),
      task('Metrics.writeRest', 'flush'),
      task('Database.close', 'close', database),
      task('Broker.disconnect', 'close', broker),
      task('Instances.signOff', 'close', instances),
    ],
    new Map([
      [instances, [database]],
      [outbox, [database, broker]],
    ]),
  );
  return planTree(describePlan({ plan, settings, optionsFrom: 'module' }));
}

/** What `check` says of a Deployment that grants too little. */
async function tooShort(): Promise<string> {
  const grants = await readManifest('test/cli/manifests/deployment-too-short.yaml');
  return checkText(
    grants.map((grant) => ({
      grant: { ...grant, file: 'deploy/deployment.yaml' },
      findings: checkFit(measured({}, grant.platform), grant),
    })),
  );
}
