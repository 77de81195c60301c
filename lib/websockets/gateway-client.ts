import { ReplaySubject } from 'rxjs';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import type { Farewell, GatewayEvent } from './gateway.options.js';
import type { SocketLibrary } from './socket-library.js';

/**
 * open → closing (its connection is closing, messages that still arrive are handled) or refusing (messages that arrive
 * are not started) → gone.
 */
type Status = 'open' | 'closing' | 'refusing' | 'gone';

/** A client of the gateways: one connection, and the work for it. */
export class GatewayClient {
  /** Its sockets in all namespaces. */
  readonly sockets = new Set<object>();
  /** Emits when it is the client's turn, also to later subscribers. */
  readonly parting$ = new ReplaySubject<void>(1);
  readonly connectedAt: number;
  readonly #work = new Set<{ readonly name: string; readonly startedAt: number }>();
  readonly #waiting = new Set<() => void>();
  #status: Status = 'open';

  constructor(
    private readonly connection: object,
    readonly library: SocketLibrary,
    private readonly ports: {
      readonly clock: Clock;
      /** Work has started or ended, or the client has gone: the drain may or may not wait for it any more. */
      readonly onChange: (client: GatewayClient) => void;
    },
  ) {
    this.connectedAt = ports.clock.now();
    library.whenGone(connection, () => {
      // Nest receives the same event, and calls `handleDisconnect` in this turn.
      setImmediate(() => {
        this.#status = 'gone';
        this.#changed();
      });
    });
  }

  get status(): Status {
    return this.#status;
  }

  /** Whether a message that arrives now is handled. */
  get isTaking(): boolean {
    return this.#status === 'open' || this.#status === 'closing';
  }

  /** Whether no work is in progress for it. */
  get isIdle(): boolean {
    return this.#work.size === 0;
  }

  /** The work in progress for it, oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.ports.clock.now();
    return Array.from(this.#work, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Counts a piece of work for it until the returned function is called. */
  begin(event: string): () => void {
    const work = { name: `${event} (${this.library.name})`, startedAt: this.ports.clock.now() };
    this.#work.add(work);
    this.#changed();
    return () => {
      if (this.#work.delete(work)) this.#changed();
    };
  }

  /** Resolves when no work is in progress, or the client has gone. */
  async quiet(): Promise<void> {
    await this.#until(() => this.isIdle || this.#status === 'gone');
  }

  /** Resolves when the current work has ended, or the client has gone. Work that starts meanwhile does not count. */
  async settled(): Promise<void> {
    const now = [...this.#work];
    await this.#until(() => this.#status === 'gone' || now.every((work) => !this.#work.has(work)));
  }

  async gone(): Promise<void> {
    await this.#until(() => this.#status === 'gone');
  }

  tell(event: GatewayEvent): void {
    if (this.#status === 'gone') return;
    for (const socket of this.sockets) this.library.tell(socket, event);
  }

  /** Ends streams that would not end by themselves. */
  endStreams(): void {
    this.parting$.next();
  }

  /** From now on no work is started for it. */
  refuse(): void {
    if (this.#status !== 'gone') this.#status = 'refusing';
  }

  close(farewell: Farewell): void {
    if (this.#status === 'gone') return;
    if (this.#status === 'open') this.#status = 'closing';
    this.library.close(this.connection, this.sockets, farewell);
  }

  sever(): void {
    this.endStreams();
    this.refuse();
    if (this.#status !== 'gone') this.library.sever(this.connection);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #changed(): void {
    this.ports.onChange(this);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
