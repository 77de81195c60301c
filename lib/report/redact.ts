/** What stands together in a text: an URL or a path ends at white space, a quote or a bracket. */
const WORD = /[^\s'"`()<>]+/g;

/** The part of an URL in front of its host. A password has no slash in it. */
const CREDENTIALS = /(:\/\/)[^/?#]*@/g;

/** A text without the credentials and the queries of the URLs in it, and without the queries of paths. */
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
