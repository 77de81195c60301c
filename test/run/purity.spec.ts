import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDERS = ['plan', 'run', 'report'];

const sources = FOLDERS.flatMap((folder) => {
  const path = fileURLToPath(new URL(`../../lib/${folder}/`, import.meta.url));
  return readdirSync(path).map((file) => ({
    file: `${folder}/${file}`,
    folder,
    text: readFileSync(`${path}${file}`, 'utf8'),
  }));
});

/** The code of a file, without its comments and texts. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'[^'\n]*'|`[^`]*`/g, "''");
}

function importsOf(text: string): readonly string[] {
  return Array.from(text.matchAll(/from '([^']+)'/g), ([, from = '']) => from);
}

describe('rule 11: the engine knows no Nest, no process and no real clock', () => {
  test('it imports nothing but itself, and only along the arrows plan, run, report', () => {
    const allowed = new Map(FOLDERS.map((folder, index) => [folder, FOLDERS.slice(0, index)]));
    const wrong = sources.flatMap(({ file, folder, text }) =>
      importsOf(text)
        .filter((from) => !from.startsWith('./'))
        .filter((from) => !allowed.get(folder)?.some((each) => from.startsWith(`../${each}/`)))
        .map((from) => `${file} imports ${from}`),
    );

    expect(sources.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  test('it uses no process, no timer, no time and no console of the platform', () => {
    const used = /\b(process|console|setTimeout|setInterval|setImmediate|queueMicrotask|performance|Date)\b/;
    const wrong = sources.flatMap(({ file, text }) => {
      const found = used.exec(codeOf(text));
      return found === null ? [] : [`${file} uses ${found[0]}`];
    });

    expect(wrong).toEqual([]);
  });
});
