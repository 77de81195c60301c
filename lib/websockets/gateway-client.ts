import { ReplaySubject } from 'rxjs';
import type { InFlightItem } from '../plan/task.js';
import type { Clock } from '../run/clock.js';
import type { Farewell, GatewayEvent } from './gateway.options.js';
import type { SocketLibrary } from './socket-library.js';

/**
 * open → told (its connection closes, what still arrives is handled) or refusing (what arrives is not started) →
 * gone.
 */
type Status = 'open' | 'told' | 'refusing' | 'gone';

/** A client of the gateways: one connection, and what goes on for it. */
export class GatewayClient {
  /** Those of all namespaces that it is in. */
  readonly sockets = new Set<object>();
  /** Emits as its turn comes, also to those that ask later. */
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
      /** Something has begun or ended: the client may be one to wait for, or not any more. */
      readonly onChange: (client: GatewayClient) => void;
    },
  ) {
    this.connectedAt = ports.clock.now();
    library.whenGone(connection, () => {
      // Nest is told by the same event, and calls `handleDisconnect` in this turn.
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
    return this.#status === 'open' || this.#status === 'told';
  }

  /** Whether nothing goes on for it. */
  get isIdle(): boolean {
    return this.#work.size === 0;
  }

  /** What goes on for it, the oldest first. */
  get items(): readonly InFlightItem[] {
    const now = this.ports.clock.now();
    return Array.from(this.#work, ({ name, startedAt }) => ({ name, ageMs: now - startedAt }));
  }

  /** Counts something that goes on for it, until the answer is called. */
  begin(event: string): () => void {
    const work = { name: `${event} (${this.library.name})`, startedAt: this.ports.clock.now() };
    this.#work.add(work);
    this.#changed();
    return () => {
      if (this.#work.delete(work)) this.#changed();
    };
  }

  /** Resolves when nothing goes on for it, or it is gone. */
  async quiet(): Promise<void> {
    await this.#until(() => this.isIdle || this.#status === 'gone');
  }

  /** Resolves when what goes on for it now has ended, or it is gone. What begins meanwhile is not waited for. */
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

  /** Ends what would not end by itself. */
  endStreams(): void {
    this.parting$.next();
  }

  /** From now on nothing is started for it. */
  refuse(): void {
    if (this.#status !== 'gone') this.#status = 'refusing';
  }

  close(farewell: Farewell): void {
    if (this.#status === 'gone') return;
    if (this.#status === 'open') this.#status = 'told';
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
