import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, ServiceUnavailableException, type NestMiddleware } from '@nestjs/common';
import { InFlightWork, ShutdownInProgressError } from 'nestjs-phased-shutdown';

/** Counts each request as in flight until its response is with the client: the drain waits for it. */
@Injectable()
export class TrackRequests implements NestMiddleware {
  constructor(private readonly work: InFlightWork) {}

  use({ method, url }: IncomingMessage, response: ServerResponse, next: () => void): void {
    response.once('close', this.#begin(`${method} ${url}`));
    next();
  }

  /** Once the drain is over nobody would wait for the work: better refuse it than lose it. */
  #begin(name: string): () => void {
    try {
      return this.work.begin(name);
    } catch (error) {
      if (error instanceof ShutdownInProgressError) throw new ServiceUnavailableException(error.message);
      throw error;
    }
  }
}
