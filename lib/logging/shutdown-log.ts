import { Logger, type LoggerService } from '@nestjs/common';
import type { ShutdownEvent } from '../run/events.js';
import { callForeign } from '../run/foreign-call.js';
import type { FindingKind, Notice } from './notice.js';
import { linesOf, noticeSentence, sentenceOf, unworded, type Sentence } from './sentences.js';

/** Takes events and notices to a logger of Nest's kind. */
export class ShutdownLog {
  readonly #logger: LoggerService | false;

  /**
   * @param place where the lines go; `undefined` is Nest's Logger, `false` is nowhere
   * @param silenced findings that are not told
   * @param writeLine takes a line that the logger did not: it threw, or its promise rejected
   */
  constructor(
    readonly place: LoggerService | false | undefined,
    private readonly silenced: readonly FindingKind[] = [],
    private readonly writeLine: (line: string) => void = () => undefined,
  ) {
    this.#logger = place ?? new Logger('GracefulShutdown');
  }

  event(event: ShutdownEvent): void {
    this.#say(event.type, () => sentenceOf(event));
  }

  notice(notice: Notice): void {
    if (this.silenced.some((kind) => kind === notice.kind)) return;
    this.#say(notice.kind, () => noticeSentence(notice));
  }

  /** A logger that fails, at once or later, or something that cannot be put into words, must not harm the shutdown. */
  #say(kind: string, word: () => Sentence | undefined): void {
    const logger = this.#logger;
    if (logger === false) return;
    const sentence = wordedOr(word, kind);
    if (sentence === undefined) return;
    const { level, text, stack } = sentence;
    callForeign(
      () => (stack === undefined ? logger[level](text) : logger[level](text, stack)),
      () => linesOf(sentence).forEach((line) => this.writeLine(line)),
    );
  }
}

function wordedOr(word: () => Sentence | undefined, kind: string): Sentence | undefined {
  try {
    return word();
  } catch (error) {
    return unworded(kind, error);
  }
}
