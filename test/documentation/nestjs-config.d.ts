/**
 * What the pages use of `@nestjs/config`: a subset of what its release 12.0.1 declares, with `unknown` for `any`. The package
 * is not installed just for these examples.
 */
declare module '@nestjs/config' {
  import type { DynamicModule } from '@nestjs/common';

  export class ConfigModule {
    static forRoot(): Promise<DynamicModule>;
  }

  export class ConfigService {
    get(key: string): unknown;
    get<T>(key: string, fallback: T): T;
    getOrThrow(key: string): unknown;
  }
}
