import { Logger, type LoggerService } from '@nestjs/common';
import type { ShutdownEvent } from '../run/events.js';
import type { Notice } from './notice.js';
import { noticeSentence, sentenceOf, type Sentence } from './sentences.js';

/** Takes events and notices to a logger of Nest's kind. */
export class ShutdownLog {
  readonly #logger: LoggerService | false;

  /** @param logger where the lines go; `undefined` is Nest's Logger, `false` is nowhere */
  constructor(logger: LoggerService | false | undefined) {
    this.#logger = logger ?? new Logger('GracefulShutdown');
  }

  event(event: ShutdownEvent): void {
    const sentence = sentenceOf(event);
    if (sentence !== undefined) this.#say(sentence);
  }

  notice(notice: Notice): void {
    this.#say(noticeSentence(notice));
  }

  /** A logger that fails must not harm the shutdown that it speaks of. */
  #say({ level, text, stack }: Sentence): void {
    if (this.#logger === false) return;
    try {
      if (stack === undefined) this.#logger[level](text);
      else this.#logger[level](text, stack);
    } catch {
      // There is no other place to say it.
    }
  }
}
