import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program of this sample in a separate process, which sends us messages. */
export class Program<Message extends { readonly kind: string }> {
  readonly #process: ChildProcess;
  readonly #told: Message[] = [];
  /** Resolves with the exit code, or the signal that ended it, once its last message has arrived. */
  readonly ended: Promise<unknown>;

  constructor(
    private readonly file: string,
    argument: string,
  ) {
    this.#process = fork(new URL(file, import.meta.url), [argument]);
    // The only cast: the other side is a file of this folder.
    this.#process.on('message', (message) => this.#told.push(message as Message));
    const [exit, disconnect] = [once(this.#process, 'exit'), once(this.#process, 'disconnect')];
    this.ended = Promise.all([exit, disconnect]).then(([[code, signal]]) => code ?? signal);
    const kill = (): void => void this.#process.kill('SIGKILL');
    process.once('exit', kill);
    void this.ended.then(() => process.off('exit', kill));
  }

  /** Resolves with the next message of that kind. Rejects if the program exits without it. */
  async told<Kind extends Message['kind']>(kind: Kind): Promise<Extract<Message, { readonly kind: Kind }>> {
    const isIt = (message: Message): message is Extract<Message, { readonly kind: Kind }> =>
      message.kind === kind;
    const ended = this.ended.then(() => true);
    for (;;) {
      const index = this.#told.findIndex(isIt);
      const message = this.#told[index];
      if (message !== undefined && isIt(message)) {
        this.#told.splice(index, 1);
        return message;
      }
      if (await Promise.race([ended, once(this.#process, 'message').then(() => false)])) break;
    }
    throw new Error(`${this.file} ended without saying '${kind}'`);
  }

  ask(question: string): void {
    this.#process.send(question);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
