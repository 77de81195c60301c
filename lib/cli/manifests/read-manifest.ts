import { extname } from 'node:path';
import { CORE_SCHEMA, loadAll, mergeTag } from 'js-yaml';
import { isRecord } from '../../plan/check-setting.js';
import { loadExports, readText } from '../source-file.js';
import { WrongUse, firstLine } from '../wrong-use.js';
import { composeGrants } from './compose.js';
import { ecsGrants, isTaskDefinition } from './ecs.js';
import type { Grant } from './grant.js';
import { kubernetesGrants } from './kubernetes.js';
import { ManifestValue } from './manifest-value.js';
import { pm2Grants } from './pm2.js';
import { systemdGrants } from './systemd.js';

const CODE = ['.js', '.cjs', '.mjs', '.ts'];
/** Compose files share their settings by merge keys (`<<`). */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const KINDS =
  'a workload of Kubernetes, services of compose, a task definition of ECS, a unit of systemd, or apps of PM2';

/**
 * What a manifest grants, to each of its containers, services or apps. What kind of manifest it is, is told by what
 * is in it.
 *
 * @throws WrongUse where it is none that can be read
 */
export async function readManifest(file: string): Promise<readonly Grant[]> {
  if (CODE.includes(extname(file))) return pm2Grants(await loadEcosystem(file), file);
  const text = readText(file);
  if (/^\s*\[Service\]\s*$/m.test(text)) return systemdGrants(text, file);
  const documents = extname(file) === '.json' ? [parseJson(text, file)] : parseYaml(text, file);
  const grants = documents.flatMap((raw) => grantsOf(raw, file));
  if (grants.length > 0) return grants;
  const kinds = documents.flatMap((raw) =>
    isRecord(raw) && raw['kind'] !== undefined ? [String(raw['kind'])] : [],
  );
  throw new WrongUse(
    `${file}: there is nothing in it that is granted a time: expected ${KINDS}${kinds.length > 0 ? `, found ${kinds.join(', ')}` : ''}.`,
  );
}

function grantsOf(raw: unknown, file: string): readonly Grant[] {
  const document = new ManifestValue(raw, { file, path: '' });
  if (Array.isArray(raw))
    return raw.some((each) => isRecord(each) && 'script' in each) ? pm2Grants(document, file) : [];
  if (!isRecord(raw)) return [];
  if ('kind' in raw) return kubernetesGrants(document, file);
  if ('services' in raw) return composeGrants(document, file);
  if ('apps' in raw || 'script' in raw) return pm2Grants(document, file);
  return isTaskDefinition(document) ? ecsGrants(document, file) : [];
}

async function loadEcosystem(file: string): Promise<ManifestValue> {
  const exports = await loadExports(file);
  const raw = exports.has('apps') ? { apps: exports.get('apps') } : exports.get('default');
  if (isRecord(raw) || Array.isArray(raw)) return new ManifestValue(raw, { file, path: '' });
  throw new WrongUse(`${file}: expected an ecosystem file of PM2, which exports { apps: [...] }.`);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WrongUse(`${file}: it is no JSON: ${firstLine(error)}`);
  }
}

function parseYaml(text: string, file: string): readonly unknown[] {
  if (/\{\{-?\s*[.$(]?\w/.test(text)) {
    throw new WrongUse(`${file}: it is a template. Render it first, as by \`helm template\`.`);
  }
  try {
    return loadAll(text, { schema: SCHEMA });
  } catch (error) {
    throw new WrongUse(`${file}: it is no YAML: ${firstLine(error)}.`);
  }
}
