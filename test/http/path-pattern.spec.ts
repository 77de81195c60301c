import { pathMatcher, patternFault } from '../../lib/http/path-pattern.js';

test.each<[string, readonly string[], readonly string[]]>([
  ['/poll', ['/poll', '/poll/', '/Poll', 'http://a:80/poll'], ['/', '/poll/7', '/polls', '/api/poll']],
  ['/', ['/'], ['/a']],
  ['/poll/', ['/poll', '/poll/'], ['/poll/7']],
  ['/poll/:channel', ['/poll/7', '/poll/7/', '/POLL/a%20b', '/poll/a%2Fb'], ['/poll', '/poll/', '/poll/7/x']],
  ['/poll/:"the channel"', ['/poll/7'], ['/poll/7/x']],
  ['/poll/:id', ['/poll/0f8fad5b-d9cb-469f-a165-70867728950e'], ['/poll']],
  ['/poll/*', ['/poll/7', '/poll/7/x', '/poll/7/x/'], ['/poll', '/poll/', '/polls/7']],
  ['/poll/*rest', ['/poll/7', '/poll/7/x'], ['/poll', '/poll/']],
  ['/poll/{*rest}', ['/poll', '/poll/', '/poll/7/x'], ['/polls']],
  ['/poll{/:channel}', ['/poll', '/poll/7'], ['/poll/7/x', '/polls']],
  ['/a{/:b{/:c}}/z', ['/a/z', '/a/1/z', '/a/1/2/z'], ['/a', '/a/1/2/3/z']],
  ['/poll/:channel?', ['/poll', '/poll/7'], ['/poll/7/x']],
  ['/poll/:channel+', ['/poll/7', '/poll/7/x'], ['/poll']],
  ['/poll/:channel*', ['/poll', '/poll/7/x'], ['/polls']],
  ['/poll/:channel(\\d+)', ['/poll/7'], ['/poll/a', '/poll/7/x']],
  ['/poll/(.*)', ['/poll/7/x', '/poll/'], ['/polls/x']],
  ['/:shop/poll/:channel', ['/a/poll/7'], ['/poll/7', '/a/b/poll/7']],
  ['/files/:name.:ext', ['/files/a.txt'], ['/files/a']],
  ['/*/poll', ['/a/poll', '/a/b/poll'], ['/poll', '/a/poll/x']],
  ['/caf%C3%A9', ['/caf%c3%a9', '/café'], ['/cafe']],
  ['/café/:id', ['/caf%C3%A9/1'], []],
  ['/jobs\\:cancel', ['/jobs:cancel', '/jobs%3Acancel'], ['/jobsXcancel']],
  ['/a.b+c', ['/a.b+c'], ['/aXb+c', '/a.bbc']],
  ['/%zz', ['/%zz'], ['/zz']],
])('%s matches %j and not %j', (pattern, matched, others) => {
  const matches = pathMatcher([pattern]);
  expect(patternFault(pattern)).toBeUndefined();
  expect(matched.filter((path) => !matches(path))).toEqual([]);
  expect(others.filter((path) => matches(path))).toEqual([]);
});

test('a path matches a list if it matches one of its patterns', () => {
  const matches = pathMatcher(['/metrics', '/poll/:channel']);
  expect(['/metrics', '/poll/7', '/orders'].map(matches)).toEqual([true, true, false]);
  expect(pathMatcher([])('/')).toBe(false);
});

test.each([
  ['/poll/:', "it has a ':' without a name after it"],
  ['/poll/:/x', "it has a ':' without a name after it"],
  ['/poll?since=1', "it has a '?', but paths are matched without their query"],
  ['/poll#top', "it has a '#', but paths are matched without their query"],
  ['/poll{/:id', "it has a '{' without a '}'"],
  ['/poll/:id}', "it has a '}' without a '{'"],
  ['/poll//x', "it has an empty segment, '//'"],
  ['/poll/(', "it has an unexpected '('"],
  ['/poll/:id([)', expect.stringContaining('Invalid regular expression')],
])('%s is refused: %s', (pattern, fault) => {
  expect(patternFault(pattern)).toEqual(fault);
});
