import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Readiness } from 'nestjs-phased-shutdown';

/** Where a load balancer asks whether it may send requests here. */
@Controller('readyz')
export class ReadinessController {
  constructor(private readonly readiness: Readiness) {}

  @Get()
  state(): { readonly state: string } {
    const { state } = this.readiness;
    if (state !== 'ready') throw new ServiceUnavailableException({ state });
    return { state };
  }
}
