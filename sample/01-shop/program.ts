import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds that a program may run before it is killed and the demo fails. */
const LIMIT = 120_000;

/** A program of this sample in a separate process, which sends us messages. */
export class Program<Message extends { readonly kind: string }> implements Disposable {
  readonly #process: ChildProcess;
  readonly #told: Message[] = [];
  /** Resolves with the exit code, or the signal that ended it, once its last message has arrived. */
  readonly ended: Promise<unknown>;

  constructor(
    private readonly file: string,
    { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv },
  ) {
    const options = { env: { ...process.env, ...env }, timeout: LIMIT, killSignal: 'SIGKILL' } as const;
    this.#process = fork(new URL(file, import.meta.url), args, options);
    // The only cast: the other side is a file of this folder.
    this.#process.on('message', (message) => this.#told.push(message as Message));
    const [exit, disconnect] = [once(this.#process, 'exit'), once(this.#process, 'disconnect')];
    this.ended = Promise.all([exit, disconnect]).then(([[code, signal]]) => code ?? signal);
  }

  /** Resolves with the message of that kind. Rejects if the program exits without it. */
  told<Kind extends Message['kind']>(kind: Kind): Promise<Extract<Message, { readonly kind: Kind }>> {
    const isIt = (message: Message): message is Extract<Message, { readonly kind: Kind }> =>
      message.kind === kind;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const message = this.#told.find(isIt);
        if (message !== undefined) resolve(message);
      };
      look();
      this.#process.on('message', look);
      void this.ended.then(() => reject(new Error(`${this.file} ended without saying '${kind}'`)));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** `using` leaves no process behind, even after an error. */
  [Symbol.dispose](): void {
    this.kill('SIGKILL');
  }
}
