import { Controller, Get, Module, Param } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { Tenants } from './tenants.service.js';

@Controller('tenants')
export class TenantsController {
  constructor(private readonly tenants: Tenants) {}

  @Get(':name')
  async greet(@Param('name') name: string): Promise<string> {
    await this.tenants.connectionOf(name).query();
    return `Hello ${name}`;
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ logger: console })],
  controllers: [TenantsController],
  providers: [Tenants],
})
export class AppModule {}
