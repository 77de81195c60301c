import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Where projects and binaries are kept from one run to the next. Outside the repository, whose own packages a
 * project below it would find.
 */
export const WORKSHOP = join(
  tmpdir(),
  `nestjs-phased-shutdown-${createHash('sha256').update(ROOT).digest('hex').slice(0, 8)}`,
);

/** The file of a kept folder that tells what it was made from. */
export const STAMP = '.made-from';

/**
 * A folder of the workshop, prepared anew where it is not there or was prepared from something else.
 *
 * @param madeFrom what decides whether it may be kept
 */
export async function keptFolder(
  name: string,
  madeFrom: string,
  prepare: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(WORKSHOP, name);
  const isKept = (): boolean => {
    const stamp = join(folder, STAMP);
    return existsSync(stamp) && readFileSync(stamp, 'utf8') === madeFrom;
  };
  if (isKept()) return folder;
  // Prepared beside it and then moved, so that neither what was interrupted nor a suite in another process
  // that wants the same leaves half of it.
  mkdirSync(WORKSHOP, { recursive: true });
  const prepared = mkdtempSync(`${folder}-`);
  await prepare(prepared);
  writeFileSync(join(prepared, STAMP), madeFrom);
  if (isKept()) rmSync(prepared, { recursive: true });
  else {
    rmSync(folder, { recursive: true, force: true });
    renameSync(prepared, folder);
  }
  return folder;
}
