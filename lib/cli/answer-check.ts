import type { Platform } from '../process/process-port.js';
import type { Answer } from './answer.js';
import { checkFit } from './fit/check-fit.js';
import { checkJson, checkText, isRight, type CheckedGrant } from './check-text.js';
import { chooseGrants, plainGrant } from './choose-grants.js';
import type { Application, Command } from './command-line.js';
import { readManifest } from './manifests/read-manifest.js';
import type { Grant } from './manifests/grant.js';
import { previewApplication, type Preview } from './preview.js';
import { WrongUse } from './wrong-use.js';

/** Checks the plan against each grant, with the defaults of the platform that grants it. */
export async function answerCheck(
  command: Extract<Command, { readonly kind: 'check' }>,
  platform: Platform,
): Promise<Answer> {
  const { application, gracePeriod, manifests, container, format } = command;
  const grants: Grant[] = gracePeriod === undefined ? [] : [plainGrant(gracePeriod)];
  for (const file of manifests) grants.push(...chooseGrants(await readManifest(file), container));
  const previews = new Map<boolean, Preview>();
  const checked: CheckedGrant[] = [];
  for (const grant of grants) {
    const inKubernetes = isInKubernetes(grant, { application, platform });
    const preview =
      previews.get(inKubernetes) ?? (await previewApplication(application, { ...platform, inKubernetes }));
    previews.set(inKubernetes, preview);
    requireOptions(preview);
    checked.push({ grant, findings: checkFit(preview, grant) });
  }
  return {
    exitCode: checked.every(({ findings }) => isRight(findings)) ? 0 : 1,
    result: format === 'json' ? checkJson(checked) : checkText(checked),
    remarks: [...new Set([...previews.values()].flatMap(({ warnings }) => warnings))],
  };
}

/** The manifest decides where the application runs, not the machine the command runs on. */
function isInKubernetes(
  grant: Grant,
  { application, platform }: { readonly application: Application; readonly platform: Platform },
): boolean {
  if (application.place === 'kubernetes' || grant.platform === 'kubernetes') return true;
  return grant.subject === '' && platform.inKubernetes;
}

/** With other options than the application's, the check might pass although the real plan does not fit. */
function requireOptions({ optionsFrom, warnings }: Preview): void {
  if (optionsFrom === 'defaults') throw new WrongUse(warnings[0] ?? '');
}
