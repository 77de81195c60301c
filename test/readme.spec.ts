import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve('.');
const folder = resolve('build/readme');

/** The TypeScript of the README, block by block. */
function snippets(): readonly string[] {
  const text = readFileSync(resolve(root, 'README.md'), 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, code = '']) => code);
}

describe('the README', () => {
  test('has snippets that compile as they stand', () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    snippets().forEach((code, index) =>
      writeFileSync(`${folder}/snippet-${index + 1}.ts`, `${code}\nexport {};\n`),
    );
    const options = {
      extends: `${root}/tsconfig.json`,
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      include: ['*.ts'],
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(options));
    expect(snippets().length).toBeGreaterThan(4);
    expect(compile()).toBe('');
  });

  test('names every option, and no other', () => {
    const text = readFileSync(resolve(root, 'README.md'), 'utf8');
    const section = text.slice(text.indexOf('## Options'), text.indexOf('All times are milliseconds'));
    const named = Array.from(section.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);
    const source = readFileSync(resolve(root, 'lib/graceful-shutdown.options.ts'), 'utf8');
    const list = /const OPTION_KEYS[^=]*= \[(.*?)\]/s.exec(source)?.[1] ?? '';
    const keys = Array.from(list.matchAll(/'(\w+)'/g), ([, name]) => name);
    expect(keys.length).toBeGreaterThan(0);
    expect(named).toEqual(keys);
  });
});

/** What the compiler has to say; nothing where all is well. */
function compile(): string {
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
}
