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
const KINDS = 'a Kubernetes workload, compose services, an ECS task definition, a systemd unit or PM2 apps';
/** Compose files use merge keys (`<<`) to share settings. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/**
 * Reads the grants of a manifest for each of its containers, services or apps. The content decides the kind of
 * manifest.
 *
 * @throws WrongUse if it cannot be read as any of them
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
    `${file}: no workload with a stop timeout found. Expected ${KINDS}${kinds.length > 0 ? `, got ${kinds.join(', ')}` : ''}.`,
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
  throw new WrongUse(`${file}: expected a PM2 ecosystem file that exports { apps: [...] }.`);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WrongUse(`${file}: invalid JSON: ${firstLine(error)}`);
  }
}

function parseYaml(text: string, file: string): readonly unknown[] {
  if (/\{\{-?\s*[.$(]?\w/.test(text)) {
    throw new WrongUse(
      `${file}: expected YAML, got a template. Render it first, for example with \`helm template\`.`,
    );
  }
  try {
    return loadAll(text, { schema: SCHEMA });
  } catch (error) {
    throw new WrongUse(`${file}: invalid YAML: ${firstLine(error)}.`);
  }
}
