import { connect } from 'node:net';

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}

/**
 * Declares a suite that needs a broker on its standard port. Where it is not running the suite is skipped and
 * its name says so; in CI it fails.
 */
export async function describeWithBroker(
  { name, port }: { readonly name: string; readonly port: number },
  declare: () => void,
): Promise<void> {
  if (await isListening(port)) describe(name, declare);
  else if (process.env['CI'] === undefined)
    describe.skip(`${name}: nothing listens on 127.0.0.1:${port}`, declare);
  else {
    test(`${name} runs on 127.0.0.1:${port}`, () => {
      throw new Error(`Nothing listens on 127.0.0.1:${port}: start ${name}.`);
    });
  }
}
