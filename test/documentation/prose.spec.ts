import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lineAt, pages, proseOf, root } from './page.js';

/** Phrases that made readers parse a sentence twice, each with what to write. Add one only after a reader stumbled. */
const ODD_PHRASES: readonly { readonly phrase: RegExp; readonly write: string }[] = [
  // "is no longer" and "there is no" are plain English.
  { phrase: /(?<!\bthere\s+)\bis\s+no\s+(?!longer\b)/gi, write: 'is not a' },
  { phrase: /\bof\s+which\b/gi, write: 'a sentence of its own' },
  { phrase: /\bhe\b/gi, write: 'you, the app, the client' },
  { phrase: /\btold\b/gi, write: 'logged, reported, named; a client gets or receives' },
  { phrase: /\bfor\s+ever\b/gi, write: 'forever, without a limit' },
  { phrase: /\bas\s+ever\b/gi, write: 'as before' },
  { phrase: /\bplayed\b/gi, write: 'fake' },
  { phrase: /\bside\s+by\s+side\b/gi, write: 'in parallel' },
];

/** What is still to be released; the entries of a release stay as they went out. */
const unreleased = {
  path: 'CHANGELOG.md',
  text: readFileSync(join(root, 'CHANGELOG.md'), 'utf8').replace(/^## \d.*/ms, ''),
};

function oddPhrasesIn(path: string, prose: string): readonly string[] {
  return ODD_PHRASES.flatMap(({ phrase, write }) =>
    Array.from(
      prose.matchAll(phrase),
      ({ 0: words, index }) =>
        `${path}:${lineAt(prose, index)} '${words.replace(/\s+/g, ' ').trim()}': write ${write}`,
    ),
  );
}

test('the prose of the pages has none of the phrases that readers stumbled over', () => {
  const found = [...pages, unreleased].flatMap(({ path, text }) => oddPhrasesIn(path, proseOf(text)));
  expect(found).toEqual([]);
});

test('the comments and messages of the library have none of these phrases', () => {
  const found = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const path = join('lib', file);
      // A phrase may continue on the next line of a comment.
      const text = readFileSync(join(root, path), 'utf8').replace(/^ *(?:\*|\/\/)/gm, '');
      return oddPhrasesIn(path, text);
    });
  expect(found).toEqual([]);
});

test('code and quoted output are not prose, and every line keeps its number', () => {
  const text = ['he `told` me', '', '```text', 'he was told', '```', 'that is no limit'].join('\n');
  expect(proseOf(text).split('\n')).toEqual(['he        me', '', '', '', '', 'that is no limit']);
});
