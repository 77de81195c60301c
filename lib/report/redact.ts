/** A word of a text: a URL or a path ends at white space, a quote or a bracket. */
const WORD = /[^\s'"`()<>]+/g;

/** The part of a URL before its host. A password cannot contain a slash. */
const CREDENTIALS = /(:\/\/)[^/?#]*@/g;

/** Removes the credentials and queries of URLs, and the queries of paths. */
export function withoutSecrets(text: string): string {
  return text.replace(WORD, (word) => {
    const slash = word.indexOf('/');
    if (slash === -1) return word;
    const question = word.indexOf('?', slash);
    const hasQuery = question !== -1 && question < word.length - 1;
    const path = hasQuery ? `${word.slice(0, question)}?***` : word;
    return path.replace(CREDENTIALS, '$1***@');
  });
}
