import { resolve } from 'node:path';
import { Controller } from '@nestjs/common';
import { ClientGrpcProxy, GrpcMethod, Transport, type GrpcOptions } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { ServiceTransport } from '../transport.js';

interface WorkClient {
  do(piece: { n: number }): Observable<unknown>;
}

const options = (port: number): GrpcOptions => ({
  transport: Transport.GRPC,
  options: {
    url: `127.0.0.1:${port}`,
    package: 'work',
    // Stands with the sources: the compiler copies no such file.
    protoPath: resolve('test/services/programs/transports/work.proto'),
  },
});

export const transport: ServiceTransport = {
  server: ({ port }) => options(port),
  client: ({ port }) => options(port),
  sender: async (_, { port }) => {
    const client = new ClientGrpcProxy(options(port).options);
    const work = client.getService<WorkClient>('Work');
    return { send: (n) => work.do({ n }), close: () => client.close() };
  },
  controller: (_, __, work) => {
    class WorkController {
      async do({ n }: { n: number }): Promise<{ n: number }> {
        await work(n);
        return { n };
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(WorkController.prototype, 'do') ?? {};
    GrpcMethod('Work', 'Do')(WorkController.prototype, 'do', descriptor);
    Controller()(WorkController);
    return WorkController;
  },
};
