import { Logger, type LoggerService } from '@nestjs/common';
import type { ShutdownEvent } from '../run/events.js';
import type { FindingKind, Notice } from './notice.js';
import { noticeSentence, sentenceOf, type Sentence } from './sentences.js';

/** Takes events and notices to a logger of Nest's kind. */
export class ShutdownLog {
  readonly #logger: LoggerService | false;

  /**
   * @param logger where the lines go; `undefined` is Nest's Logger, `false` is nowhere
   * @param silenced findings that are not told
   */
  constructor(
    logger: LoggerService | false | undefined,
    private readonly silenced: readonly FindingKind[] = [],
  ) {
    this.#logger = logger ?? new Logger('GracefulShutdown');
  }

  event(event: ShutdownEvent): void {
    this.#say(() => sentenceOf(event));
  }

  notice(notice: Notice): void {
    if (this.silenced.some((kind) => kind === notice.kind)) return;
    this.#say(() => noticeSentence(notice));
  }

  /** A logger that fails, or an error that cannot be put into words, must not harm the shutdown. */
  #say(word: () => Sentence | undefined): void {
    if (this.#logger === false) return;
    try {
      const sentence = word();
      if (sentence === undefined) return;
      const { level, text, stack } = sentence;
      if (stack === undefined) this.#logger[level](text);
      else this.#logger[level](text, stack);
    } catch {
      // There is no other place to say it.
    }
  }
}
