const HOOKS: Readonly<Record<string, string>> = {
  i: 'init',
  d: 'destroy',
  b: 'before shutdown',
  s: 'shutdown',
};

/**
 * What happened in a program, with the hooks of all providers taken together: Nest's order among them is
 * not ours, and differs between its majors. What happened a second time is marked.
 */
export function course(lines: readonly string[]): readonly string[] {
  const words = lines.map((line, index) => {
    const [, hook = '', signal = ''] = /^([idbs]):\w+( \S+)?$/.exec(line) ?? [];
    const word = `${HOOKS[hook] ?? line}${signal}`;
    return lines.indexOf(line) === index ? word : `${word} again`;
  });
  return words.filter((word, index) => word !== words[index - 1]);
}
