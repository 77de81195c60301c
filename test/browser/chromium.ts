import { accessSync, constants } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Nothing that looks for a network, and nothing that a container has not got. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

/** A suite in the browser. Where there is none it says so and is skipped; in CI, where there has to be, it fails. */
export function describeInChromium(name: string, suite: () => void): void {
  if (isThere()) {
    describe(name, suite);
  } else if (process.env['CI'] === 'true') {
    test(`${name}: ${EXECUTABLE} is there`, () => accessSync(EXECUTABLE, constants.X_OK));
  } else {
    process.stderr.write(`skipped: ${name}, since there is no ${EXECUTABLE}\n`);
    describe.skip(name, suite);
  }
}

function isThere(): boolean {
  try {
    accessSync(EXECUTABLE, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
