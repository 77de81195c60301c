import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkText } from '../../lib/cli/check-text.js';
import { chooseGrants } from '../../lib/cli/choose-grants.js';
import { checkFit } from '../../lib/cli/fit/check-fit.js';
import { readManifest } from '../../lib/cli/manifests/read-manifest.js';
import { WrongUse } from '../../lib/cli/wrong-use.js';
import { measured } from './measured.js';

// The expected output per manifest is in `expected`. After an intended change:
// WRITE_EXPECTED=1 npm run jest -- --selectProjects unit --testPathPatterns cli/manifests, and read the difference.
const FOLDER = join(import.meta.dirname, 'manifests');
const EXPECTED = join(FOLDER, 'expected');
const isWriting = process.env['WRITE_EXPECTED'] === '1';

/** The options of the application, if not the defaults, and the chosen container. */
const CASES: Readonly<Record<string, { readonly options?: object; readonly container?: string }>> = {
  'deployment-fits.yaml': { options: { probes: {} } },
  'deployment-wrong-paths.yaml': { options: { probes: { readiness: '/ready', liveness: '/live' } } },
  'deployment-pre-stop-instead.yaml': { options: { shutdownDelay: 0 } },
  'several-documents.yaml': { options: { probes: { port: 9_000 } }, container: 'shop' },
  'cron-job-default.yaml': { options: { probes: {} } },
  'pod-slow-probe.yaml': { options: { probes: {} } },
  'ecosystem-fits.yaml': { options: { ipc: true } },
};

const manifests = readdirSync(FOLDER)
  .filter((file) => file.includes('.'))
  .toSorted();

async function printed(file: string): Promise<string> {
  const { options = {}, container } = CASES[file] ?? {};
  try {
    const grants = chooseGrants(await readManifest(join(FOLDER, file)), container);
    return checkText(
      grants.map((grant) => ({ grant, findings: checkFit(measured(options, grant.platform), grant) })),
    );
  } catch (error) {
    if (error instanceof WrongUse) return error.message;
    throw error;
  }
}

test.each(manifests)('prints the expected findings for %s', async (file) => {
  const text = `${(await printed(file)).replaceAll(`${FOLDER}/`, '')}\n`;
  const expected = join(EXPECTED, `${file}.txt`);
  if (isWriting) writeFileSync(expected, text);
  expect(text).toBe(existsSync(expected) ? readFileSync(expected, 'utf8') : 'nothing is expected yet');
});

test('has an expected text for every manifest, and a manifest for every case', () => {
  const expected = readdirSync(EXPECTED).map((file) => file.replace(/\.txt$/, ''));
  expect(expected.toSorted()).toEqual(manifests);
  expect(manifests).toEqual(expect.arrayContaining(Object.keys(CASES)));
});

test('covers manifests that fit, that do not fit, and that are unreadable', () => {
  const texts = manifests.map((file) => readFileSync(join(EXPECTED, `${file}.txt`), 'utf8'));
  const count = (pattern: RegExp): number => texts.filter((text) => pattern.test(text)).length;
  expect(count(/^ {2}wrong/m)).toBeGreaterThanOrEqual(6);
  expect(
    texts.filter((text) => /^ {2}fits/m.test(text) && !/^ {2}wrong/m.test(text)).length,
  ).toBeGreaterThanOrEqual(6);
  expect(texts.filter((text) => !text.includes('\n  ')).length).toBeGreaterThanOrEqual(4);
});
