import { optionNames, readCommand } from '../../lib/cli/command-line.js';
import { COMMANDS, helpText } from '../../lib/cli/help.js';

const application = { file: 'dist/app.module.js', exported: undefined, options: undefined, place: 'as-here' };

describe('the arguments of the command', () => {
  test('plan takes a file and prints text by default', () => {
    expect(readCommand(['plan', 'dist/app.module.js'])).toEqual({
      kind: 'plan',
      application,
      format: 'text',
    });
    expect(
      readCommand([
        'plan',
        '--format=mermaid',
        'a.js',
        '--export',
        'Shop',
        '--options',
        '{}',
        '--kubernetes',
      ]),
    ).toEqual({
      kind: 'plan',
      application: { file: 'a.js', exported: 'Shop', options: '{}', place: 'kubernetes' },
      format: 'mermaid',
    });
  });

  test('check takes a grace period and any number of manifests', () => {
    expect(
      readCommand(
        'check dist/app.module.js --grace-period 1m30s --manifest a.yaml --manifest b.yaml --container c'.split(
          ' ',
        ),
      ),
    ).toEqual({
      kind: 'check',
      application,
      format: 'text',
      gracePeriod: { written: '1m30s', ms: 90_000 },
      manifests: ['a.yaml', 'b.yaml'],
      container: 'c',
    });
  });

  test('report takes a file', () => {
    expect(readCommand(['report', 'last.json', '--format', 'html'])).toEqual({
      kind: 'report',
      file: 'last.json',
      format: 'html',
    });
  });

  test('help exists in general and per command', () => {
    expect(readCommand([])).toEqual({ kind: 'help', of: undefined });
    expect(readCommand(['--help'])).toEqual({ kind: 'help', of: undefined });
    expect(readCommand(['check', '-h'])).toEqual({ kind: 'help', of: 'check' });
    expect(readCommand(['help', 'plan'])).toEqual({ kind: 'help', of: 'plan' });
    expect(readCommand(['-v'])).toEqual({ kind: 'version' });
  });

  test.each([
    ['plna a.js', "plna: unknown command. Did you mean 'plan'? Known: 'plan', 'check', 'report'."],
    ['--fromat json', "--fromat: expected a command first. Known: 'plan', 'check', 'report'."],
    ['plan', "plan: expected the built file of the application's root module."],
    ['report', 'report: expected a report file.'],
    [
      'plan a.js b.js',
      "plan: expected one file (the built file of the application's root module), also got 'b.js'.",
    ],
    [
      'plan a.js --fromat json',
      "plan --fromat: unknown option. Did you mean '--format'? Known: '--format', '--export', '--options', '--kubernetes', '--help', '--version'.",
    ],
    ['plan a.js --format', 'plan --format: expected a value after it.'],
    ['plan a.js --export --format json', 'plan --export: expected a value after it.'],
    ['plan a.js --kubernetes=yes', "plan --kubernetes: expected no value, got 'yes'."],
    [
      'plan a.js --format jsno',
      "--format jsno: unknown format. Did you mean 'json'? Known: 'text', 'json', 'mermaid'.",
    ],
    ['check a.js', 'check: expected what the plan must fit: --grace-period 30s or --manifest <file>.'],
    ['check a.js --grace-period 30', '--grace-period 30: missing unit. Write 30s or 30ms.'],
    ['check a.js --grace-period soon', '--grace-period soon: expected 30s, 1m30s or 1500ms.'],
    ['check a.js --grace-period 0s', '--grace-period 0s: expected 30s, 1m30s or 1500ms.'],
  ])('rejects %s with the expected syntax', (line, message) => {
    expect(() => readCommand(line.split(' '))).toThrow(message);
  });
});

test.each(COMMANDS)('the help of %s names all its own options', (command) => {
  const named = optionNames(command).filter((option) => helpText(command).includes(option));
  expect([...named, '--help', '--version']).toEqual(optionNames(command));
});
