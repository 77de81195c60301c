import { Injectable } from '@nestjs/common';
import { GracefulShutdown, OnShutdown, type ShutdownRegistration } from 'nestjs-phased-shutdown';
import { Connection } from './connection.js';

interface Tenant {
  readonly connection: Connection;
  readonly registration: ShutdownRegistration;
}

/** A connection for each tenant, made at the first visit: how many there will be nobody knows at boot. */
@Injectable()
export class Tenants {
  readonly #tenants = new Map<string, Tenant>();

  constructor(private readonly shutdown: GracefulShutdown) {}

  connectionOf(name: string): Connection {
    const tenant = this.#tenants.get(name) ?? this.#connect(name);
    this.#tenants.set(name, tenant);
    return tenant.connection;
  }

  /** Closes the connection now. Where the shutdown was faster, this waits for it: it happens once. */
  async leave(name: string): Promise<void> {
    await this.#tenants.get(name)?.registration[Symbol.asyncDispose]();
    this.#tenants.delete(name);
  }

  /** Gives the connection to somebody who will close it; `undefined` where the shutdown has begun to. */
  handOver(name: string): Connection | undefined {
    const tenant = this.#tenants.get(name);
    this.#tenants.delete(name);
    return tenant?.registration.unregister() === true ? tenant.connection : undefined;
  }

  /** A connection for the length of a block: `await using` closes it at the end, or the shutdown before. */
  async importFrom(name: string): Promise<void> {
    const { connection, registration } = this.#connect(name);
    await using _closedAtTheEnd = registration;
    await connection.query();
  }

  /** The last message goes to where nobody has been yet: that connection is made during the shutdown. */
  @OnShutdown('flush')
  async sayGoodbye(): Promise<void> {
    await this.connectionOf('the archive').query();
  }

  /** Once it is registered it cannot be leaked, also where the shutdown is under way, or over. */
  #connect(name: string): Tenant {
    const connection = new Connection(name);
    const registration = this.shutdown.register({ name, phase: 'close', run: () => connection.close() });
    return { connection, registration };
  }
}
