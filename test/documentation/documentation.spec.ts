import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { DEFAULT_PHASES } from '../../lib/plan/phase.js';
import { FINDING_CODES } from '../../lib/startup-checks/finding.js';
import { brokenLinks, pageOf, pages, root, tableKeys, type Block } from './page.js';
import { printed, roundTrip } from './printed.js';

const folder = join(root, 'build/documentation');
const blocks = pages.flatMap((page) => page.blocks);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const inLanguage = (...languages: readonly string[]): readonly Block[] =>
  blocks.filter(({ language }) => languages.includes(language));
const placeOf = ({ page, line }: Block): string => `${page}:${line}`;

test('the pages are found, with their blocks', () => {
  expect(pages.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/README.md', 'docs/migrating.md']),
  );
  expect(inLanguage('ts').length).toBeGreaterThan(20);
});

describe('the code on the pages', () => {
  test('compiles as it stands', () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // A block that is a file is compiled where that stands.
    for (const block of inLanguage('ts').filter(({ info }) => info === '')) {
      const name = `${block.page.replaceAll(/\W/g, '-')}-${block.line}.ts`;
      writeFileSync(join(folder, name), `${block.text}\nexport {};\n`);
    }
    const options = {
      extends: `${root}/tsconfig.json`,
      compilerOptions: {
        rootDir: folder,
        types: ['node', 'jest'],
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: ['*.ts', join(root, 'test/documentation/nestjs-config.d.ts')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
    expect(compile()).toBe('');
  });

  test('is that of the file which it names', () => {
    const whole = inLanguage('ts').filter(({ info }) => info !== '');
    expect(whole.length).toBeGreaterThan(9);
    const differing = whole.filter(({ info, text }) => readFileSync(join(root, info), 'utf8') !== text);
    expect(differing.map(placeOf)).toEqual([]);
  });

  test('is YAML and JSON where it says so', () => {
    const broken = [
      ...inLanguage('yaml').filter(({ text }) =>
        parseAllDocuments(text).some(({ errors, contents }) => errors.length > 0 || contents === null),
      ),
      ...inLanguage('json').filter(({ text }) => !isJson(text)),
    ];
    expect(broken.map(placeOf)).toEqual([]);
  });

  test('calls scripts of package.json that are there', () => {
    const called = inLanguage('sh').flatMap((block) =>
      Array.from(block.text.matchAll(/npm run (?:--silent )?([\w:]+)/g), ([, script = '']) => script),
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });

  test('is in a language that is checked', () => {
    // What a command prints, behind its prompt, is held by the tests of the command.
    const known = ['ts', 'yaml', 'json', 'sh', 'text', 'mermaid', 'console'];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(placeOf)).toEqual([]);
  });

  test('draws in a language of Mermaid', () => {
    const drawn = inLanguage('mermaid').filter(
      ({ text }) => !/^(flowchart|sequenceDiagram|gantt|stateDiagram-v2)\b/.test(text),
    );
    expect(drawn.map(placeOf)).toEqual([]);
  });
});

describe('the output on the pages', () => {
  test('is what the library prints', async () => {
    const texts = await printed();
    const wrong = inLanguage('text').filter(
      ({ text }) => !texts.has(text.trimEnd()) && roundTrip(text.trimEnd()) !== text.trimEnd(),
    );
    expect(wrong.map((block) => `${placeOf(block)}\n${block.text}`)).toEqual([]);
  });

  test('is shown somewhere, all of it that is prepared here', async () => {
    const shown = new Set(inLanguage('text').map(({ text }) => text.trimEnd()));
    expect([...(await printed())].filter((text) => !shown.has(text))).toEqual([]);
  });
});

describe('the links on the pages', () => {
  test('lead to files and headings that are there', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([]);
  });

  test('lead from the index to every page of the folder', () => {
    const index = pageOf('docs/README.md').links;
    const others = pages.map(({ path }) => path).filter((path) => /^docs\/(?!README)/.test(path));
    expect(others.filter((path) => !index.includes(path.replace('docs/', '')))).toEqual([]);
  });
});

describe('what the pages name in the repository', () => {
  test('is a file or a folder that exists', () => {
    const named = pages.flatMap(({ path, text }) =>
      Array.from(text.matchAll(/`((?:lib|test|sample|bench|tools)\/[\w./-]+)`/g), ([, file = '']) => ({
        path,
        file,
      })),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
  });
});

describe('the page of the rules', () => {
  const numbers = Array.from(pageOf('docs/rules.md').text.matchAll(/^(\d+)\. /gm), ([, number]) => number);

  test('numbers them without a gap', () => {
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
  });

  test('has every rule that a test cites', () => {
    const cited = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.spec.ts') && !file.includes('node_modules'))
      .flatMap((file) =>
        Array.from(
          readFileSync(join(root, 'test', file), 'utf8').matchAll(/\brule (\d+)\b/g),
          ([, number]) => number,
        ),
      );
    expect(cited.length).toBeGreaterThan(30);
    expect(cited.filter((number) => !numbers.includes(number))).toEqual([]);
  });
});

describe('a table of options', () => {
  test.each([
    ['docs/options.md', '| option |', 'lib/graceful-shutdown.options.ts', 'GracefulShutdownOptions'],
    ['docs/http.md', '| `http` |', 'lib/http/http.options.ts', 'HttpOptions'],
    ['docs/http.md', '| `probes` |', 'lib/probes/probes.options.ts', 'ProbesOptions'],
    ['docs/timeouts.md', '| member of `ShutdownContext` |', 'lib/plan/task.ts', 'ShutdownContext'],
    [
      'docs/transports.md',
      '| `drainMicroservices` |',
      'lib/microservices/drain-microservices.ts',
      'MicroserviceDrainOptions',
    ],
    ['docs/transports.md', '| `retryRefused` |', 'lib/microservices/retry-refused.ts', 'RetryOptions'],
    ['docs/transports.md', '| `drainGateways` |', 'lib/websockets/gateway.options.ts', 'GatewayDrainOptions'],
    ['docs/transports.md', '| `drainWorkers` |', 'lib/bullmq/drain-workers.ts', 'WorkerDrainOptions'],
    ['docs/transports.md', '| `drainSchedules` |', 'lib/schedule/drain-schedules.ts', 'ScheduleDrainOptions'],
    ['docs/report.md', '| `report` |', 'lib/report-output/report.options.ts', 'ReportOptions'],
    ['docs/testing.md', '| `HarnessOptions` |', 'lib/testing/shutdown-harness.ts', 'HarnessOptions'],
  ])('in %s below %s names every key in %s of %s, and no other', (path, header, file, name) => {
    const source = readFileSync(join(root, file), 'utf8');
    const [, body = ''] = new RegExp(`export interface ${name} {\\n(.*?)^}`, 'ms').exec(source) ?? [];
    const keys = Array.from(body.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, key]) => key);
    expect(keys.length).toBeGreaterThan(0);
    expect(tableKeys(pageOf(path), header).toSorted()).toEqual(keys.toSorted());
  });
});

test('the options that the README shows are options', () => {
  const known = tableKeys(pageOf('docs/options.md'), '| option |');
  const shown = tableKeys(pageOf('README.md'), '| option |');
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.filter((option) => !known.includes(option))).toEqual([]);
});

test('the table of what the doctor finds names every finding, and no other', () => {
  const named = tableKeys(pageOf('docs/phases-and-order.md'), '| finding |');
  expect(named.toSorted()).toEqual(FINDING_CODES.toSorted());
});

describe.each(['README.md', 'docs/phases-and-order.md'])('the table of phases in %s', (path) => {
  test('says what the defaults are', () => {
    const rows = Array.from(
      pageOf(path).text.matchAll(/^\| `(\w+)` +\| `(\w+)` +\| +(\S[^|]*?) +\| [^|]+ \|$/gm),
      ([, name, mode, timeout = '']) => ({ name, mode, timeout: timeout.replaceAll(' ', '') }),
    );
    const defaults = DEFAULT_PHASES.map(({ name, mode, timeout = 'shutdownDelay+1000' }) => ({
      name,
      mode,
      timeout: String(timeout),
    }));
    expect(rows).toEqual(defaults);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What the compiler has to say; nothing where all is well. */
function compile(): string {
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    // Made outside the context of the test, so it is no instance of this Error.
    const said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : '';
    return said === '' ? String(error) : said;
  }
}
