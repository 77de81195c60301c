// Prints, for each kind of application, which members of Nest are there that no type promises.
import 'reflect-metadata';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { say } from './scene.js';

class AppModule {}

const applications = {
  application: await NestFactory.create(AppModule, { logger: false }),
  context: await NestFactory.createApplicationContext(AppModule, { logger: false }),
  microservice: await NestFactory.createMicroservice(AppModule, { logger: false }),
};
const members = [
  'close',
  'callDestroyHook',
  'enableShutdownHooks',
  'unsubscribeFromProcessSignals',
  'prepareClose',
];

for (const [kind, app] of Object.entries(applications)) {
  const present = members.filter((member) => typeof Reflect.get(app, member) === 'function');
  say(`${kind}: ${present.join(' ')}`);
}

const [module] = applications.application.get(ModulesContainer).values();
if (module === undefined) throw new Error('Nest has no modules.');
say(`distance: ${typeof Reflect.get(module, 'distance')}`);
Reflect.set(module, 'distance', -1);
say(`distance can be set: ${Reflect.get(module, 'distance') === -1}`);
