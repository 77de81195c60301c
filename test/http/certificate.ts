import { readFileSync } from 'node:fs';

/** Made once with openssl for localhost, valid for a hundred years. */
export const CERTIFICATE = {
  key: readFileSync(new URL('fixtures/key.pem', import.meta.url)),
  cert: readFileSync(new URL('fixtures/cert.pem', import.meta.url)),
};
