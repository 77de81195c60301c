// What the programs here are made of: an application whose every step prints a word.
import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import type { LoggerService } from '@nestjs/common';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { GracefulShutdownModule, OnShutdown, type GracefulShutdownOptions } from 'nestjs-phased-shutdown';

/** Emits each word that is said. */
export const said = new EventEmitter();

/** Prints a word on a line of its own. */
export function say(word: string): void {
  process.stdout.write(`${word}\n`);
  said.emit(word);
}

/** Whether the program was given this word. */
export function flag(word: string): boolean {
  return process.argv.includes(word);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Prints each line of the log as it is. */
export const sayingLogger: LoggerService = { log: say, warn: say, error: (text: string) => say(text) };

/** Prints which of its hooks Nest calls. */
abstract class Observed {
  onModuleInit(): void | Promise<void> {
    say(`i:${this.constructor.name}`);
  }

  onModuleDestroy(): void {
    say(`d:${this.constructor.name}`);
  }

  beforeApplicationShutdown(): void {
    say(`b:${this.constructor.name}`);
  }

  onApplicationShutdown(signal?: string): void {
    say(`s:${this.constructor.name} ${signal ?? '-'}`);
  }
}

@Injectable()
export class Leaf extends Observed {
  override async onModuleInit(): Promise<void> {
    say('i(');
    if (flag('during-init')) await pause(150);
    await super.onModuleInit();
  }
}

/** Keeps the process alive until it is destroyed, as a connection does. */
@Injectable()
export class Root extends Observed {
  #connection: NodeJS.Timeout | undefined;

  override onModuleInit(): void {
    this.#connection = setInterval(() => undefined, 60_000);
    super.onModuleInit();
  }

  override onModuleDestroy(): void {
    clearInterval(this.#connection);
    super.onModuleDestroy();
  }
}

@Injectable()
class Worker {
  @OnShutdown('drain')
  async finish(): Promise<void> {
    say('P(');
    await pause(30);
    say('P)');
  }
}

@Module({ providers: [Leaf], exports: [Leaf] })
export class LeafModule {}

class AppModule {}

export function scene(options: GracefulShutdownOptions = {}): DynamicModule {
  return {
    module: AppModule,
    // What is looked at here is the order of Nest's own steps, so the server is left to Nest.
    imports: [LeafModule, GracefulShutdownModule.forRoot({ logger: false, http: false, ...options })],
    providers: [Root, Worker],
  };
}
