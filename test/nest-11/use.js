// `node --import ./test/nest-11/use.js program.js` runs a program on the older Nest major.
import { register } from 'node:module';

register('./resolve.js', import.meta.url);
