import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program of this sample in a separate process, which sends us messages. */
export class Program<Message extends { readonly kind: string }> implements Disposable {
  readonly #process: ChildProcess;
  /** All its messages so far. */
  readonly messages: Message[] = [];
  /** Resolves with the exit code, or the signal that ended it, once its last message has arrived. */
  readonly ended: Promise<unknown>;

  constructor(
    private readonly file: string,
    args: readonly string[],
  ) {
    this.#process = fork(new URL(file, import.meta.url), args);
    // The only cast: the other side is a file of this folder.
    this.#process.on('message', (message) => this.messages.push(message as Message));
    const [exit, disconnect] = [once(this.#process, 'exit'), once(this.#process, 'disconnect')];
    this.ended = Promise.all([exit, disconnect]).then(([[code, signal]]) => code ?? signal);
    const kill = (): void => void this.#process.kill('SIGKILL');
    process.once('exit', kill);
    void this.ended.then(() => process.off('exit', kill));
  }

  /** Resolves with the message of that kind. Rejects if the program exits without it. */
  async told<Kind extends Message['kind']>(kind: Kind): Promise<Extract<Message, { readonly kind: Kind }>> {
    const isIt = (message: Message): message is Extract<Message, { readonly kind: Kind }> =>
      message.kind === kind;
    const ended = this.ended.then(() => 'ended' as const);
    for (let last: unknown; ; last = await Promise.race([ended, once(this.#process, 'message')])) {
      const message = this.messages.find(isIt);
      if (message !== undefined) return message;
      if (last !== 'ended') continue;
      throw new Error(`${this.file} ended with ${String(await this.ended)}, without saying '${kind}'`);
    }
  }

  ask(question: string): void {
    this.#process.send(question);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** `using` leaves no process behind, even after an error. */
  [Symbol.dispose](): void {
    this.kill('SIGKILL');
  }
}
