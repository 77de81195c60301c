// A bare application with one route: node cost-server.js <none|ours> <express|fastify>. Its parent asks for the
// time that its processors have spent so far.
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-phased-shutdown';
import { adapterOf } from './application.js';

const [variant, adapter] = process.argv.slice(2);

class HelloController {
  hello() {
    return 'hello';
  }
}
const hello = Object.getOwnPropertyDescriptor(HelloController.prototype, 'hello');
Get()(HelloController.prototype, 'hello', hello);
Controller()(HelloController);

class AppModule {}
const imports = variant === 'ours' ? [GracefulShutdownModule.forRoot({ logger: false })] : [];
Module({ imports, controllers: [HelloController] })(AppModule);

const app = await NestFactory.create(AppModule, await adapterOf(adapter), { logger: false });
if (variant === 'ours') enableGracefulShutdown(app);
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
process.on('disconnect', () => process.exit());
process.send(app.getHttpServer().address().port);
