import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';

export const root = resolve('.');

/** A fenced block of a page: its language, what else stands behind the fence, and its lines. */
export interface Block {
  readonly page: string;
  /** The line of its fence. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language, or in a comment above the fence: the file that it is. */
  readonly info: string;
  readonly text: string;
}

/** A page for people, by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** What can be linked to in it, as GitHub names it. */
  readonly anchors: ReadonlySet<string>;
  /** The targets of its links. */
  readonly links: readonly string[];
}

/** Everything that we write for people. */
export const pages: readonly Page[] = ['.', 'docs', 'sample'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md')
    .map(readPage),
);

export function pageOf(path: string): Page {
  const page = pages.find((each) => each.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page;
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks = Array.from(
    text.matchAll(/(?:^<!-- (\S+) -->\n\n)?^```(\w*)([^\n]*)\n(.*?)^```$/gms),
    (match) => ({
      page: path,
      line: lineAt(text, match.index + match[0].indexOf('```')),
      language: match[2] ?? '',
      info: match[1] ?? match[3]?.trim() ?? '',
      text: match[4] ?? '',
    }),
  );
  const prose = text
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replaceAll('](', ''));
  return {
    path,
    text,
    blocks,
    anchors: new Set(Array.from(prose.matchAll(/^#+ (.*)$/gm), ([, title = '']) => slug(title))),
    links: Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target),
  };
}

/** The text of a page without its code and the output that it quotes. Every line keeps its number. */
export function proseOf(text: string): string {
  return text
    .replace(/^```.*?^```$/gms, (block) => block.replace(/[^\n]+/g, ''))
    .replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
}

/** The line that an index of a text is on, counted from 1. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The anchor that GitHub gives a heading. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** What is wrong with the links of a page that go to something of ours. */
export function brokenLinks({ path, links }: Page): readonly string[] {
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? join(root, path) : join(root, dirname(path), file);
      if (!existsSync(found)) return true;
      const to = pages.find((page) => page.path === relative(root, found).replaceAll('\\', '/'));
      return anchor !== undefined && !to?.anchors.has(anchor);
    })
    .map((target) => `${path} links to ${target}`);
}

/** The first cells of the rows of a table below a line that begins with these words. */
export function tableKeys({ text }: Page, header: string): readonly string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.replace(/\s+/g, ' ').startsWith(header));
  const rows = lines.slice(from + 2);
  const length = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, from === -1 ? 0 : length).flatMap((line) => /^\| `([\w.-]+)`/.exec(line)?.[1] ?? []);
}
