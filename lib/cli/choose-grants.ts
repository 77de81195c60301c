import { nameAdvice } from '../plan/nearest-name.js';
import type { Grant } from './manifests/grant.js';
import { WrongUse } from './wrong-use.js';

/**
 * Selects the grants of the application: those of the named container, or of the only one in the manifest.
 *
 * @throws WrongUse if the container does not exist, or if none is named and there are several
 */
export function chooseGrants(grants: readonly Grant[], container: string | undefined): readonly Grant[] {
  const names = new Set(grants.map(({ name }) => name));
  const [file = ''] = grants.map((grant) => grant.file);
  if (container !== undefined) {
    const chosen = grants.filter(({ name }) => name === container);
    if (chosen.length > 0) return chosen;
    throw new WrongUse(`--container ${container}: not found in ${file}. ${nameAdvice(container, names)}`);
  }
  if (names.size < 2) return grants;
  const list = [...names].map((name) => `'${name}'`).join(', ');
  throw new WrongUse(
    `${file}: found several containers or services. Choose yours with --container: ${list}.`,
  );
}

/** The grant that `--grace-period` stands for. */
export function plainGrant({ written, ms }: { readonly written: string; readonly ms: number }): Grant {
  return {
    file: `--grace-period ${written}`,
    subject: '',
    name: '',
    platform: 'other',
    setting: { name: '--grace-period', write: (each) => `--grace-period ${Math.ceil(each / 1_000)}s` },
    graceMs: ms,
    origin: 'written',
    preStop: { kind: 'none' },
    stopBy: { kind: 'signal', signal: 'SIGTERM', setting: '' },
    wrongs: [],
  };
}
