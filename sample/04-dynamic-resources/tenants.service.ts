import { Injectable } from '@nestjs/common';
import { GracefulShutdown, OnShutdown, type ShutdownRegistration } from 'nestjs-phased-shutdown';
import { Connection } from './connection.js';

interface Tenant {
  readonly connection: Connection;
  readonly registration: ShutdownRegistration;
}

/** A connection for each tenant, opened at its first visit. Their number is unknown at boot. */
@Injectable()
export class Tenants {
  readonly #tenants = new Map<string, Tenant>();

  constructor(private readonly shutdown: GracefulShutdown) {}

  connectionOf(name: string): Connection {
    const tenant = this.#tenants.get(name) ?? this.#connect(name);
    this.#tenants.set(name, tenant);
    return tenant.connection;
  }

  /** Closes the connection now. If the shutdown has already begun to close it, this waits for that. */
  async leave(name: string): Promise<void> {
    await this.#tenants.get(name)?.registration[Symbol.asyncDispose]();
    this.#tenants.delete(name);
  }

  /** Hands the connection to a caller that will close it; `undefined` if the shutdown has begun to close it. */
  handOver(name: string): Connection | undefined {
    const tenant = this.#tenants.get(name);
    this.#tenants.delete(name);
    return tenant?.registration.unregister() === true ? tenant.connection : undefined;
  }

  /** A connection for a block: `await using` closes it at the end, unless the shutdown does so earlier. */
  async importFrom(name: string): Promise<void> {
    const { connection, registration } = this.#connect(name);
    await using _closedAtTheEnd = registration;
    await connection.query();
  }

  /** The last message goes to a new tenant, so this connection opens during the shutdown. */
  @OnShutdown('flush')
  async sayGoodbye(): Promise<void> {
    await this.connectionOf('the archive').query();
  }

  /** A registered connection cannot leak, even if the shutdown is running or over. */
  #connect(name: string): Tenant {
    const connection = new Connection(name);
    const registration = this.shutdown.register({ name, phase: 'close', run: () => connection.close() });
    return { connection, registration };
  }
}
