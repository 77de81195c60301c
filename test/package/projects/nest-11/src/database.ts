import { Injectable } from '@nestjs/common';
import { OnShutdown, type ShutdownContext } from 'nestjs-phased-shutdown';

@Injectable()
export class Database {
  readonly rows: string[] = [];
  isOpen = true;

  @OnShutdown()
  close({ signal }: ShutdownContext): void {
    this.isOpen = signal.aborted;
  }
}
