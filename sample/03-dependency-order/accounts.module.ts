import { Inject, Injectable, Module, forwardRef } from '@nestjs/common';
import { OnShutdown } from 'nestjs-phased-shutdown';
import { DatabaseModule, Pool } from './database.module.js';

/** Keeps the compiler from using a class that is declared further down: Nest's recipe for circular imports. */
type WrapperType<T> = T;

/** Accounts and sessions inject each other. Neither comes first, so they close in parallel. */
@Injectable()
export class Accounts {
  constructor(
    @Inject(forwardRef(() => Sessions)) readonly sessions: WrapperType<Sessions>,
    private readonly pool: Pool,
  ) {}

  @OnShutdown()
  async end(): Promise<void> {
    await this.pool.query();
  }
}

@Injectable()
export class Sessions {
  constructor(
    @Inject(forwardRef(() => Accounts)) readonly accounts: Accounts,
    private readonly pool: Pool,
  ) {}

  @OnShutdown()
  async end(): Promise<void> {
    await this.pool.query();
  }
}

@Module({ imports: [DatabaseModule], providers: [Accounts, Sessions], exports: [Accounts] })
export class AccountsModule {}
