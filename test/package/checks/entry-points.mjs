// Loads every entry point that it is given by `import` and by `require`, and tells in JSON how that went.
import { createRequire } from 'node:module';
import { argv, stdout, versions } from 'node:process';

const require = createRequire(import.meta.url);

const attempt = async (load) => {
  try {
    return { loaded: await load() };
  } catch (error) {
    return { failure: String(error) };
  }
};

const namesOf = ({ loaded }) =>
  Object.keys(loaded ?? {}).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));

const entries = [];
for (const name of argv.slice(2)) {
  const imported = await attempt(() => import(name));
  const required = await attempt(() => require(name));
  entries.push({
    name,
    failures: [imported.failure, required.failure].filter(Boolean),
    exports: namesOf(imported),
    // The timeline and stacks name handlers by their classes.
    renamed: namesOf(imported).filter((each) => (imported.loaded[each].name ?? each) !== each),
    // A class that is there twice is not the same class: providers would not be found, marks not be read.
    twice: namesOf(required).filter((each) => required.loaded[each] !== imported.loaded?.[each]),
  });
}
stdout.write(JSON.stringify({ node: versions.node, entries }));
