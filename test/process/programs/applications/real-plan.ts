// Starts the application of a file and prints the phases and tasks of its plan.
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdown } from 'nestjs-phased-shutdown';

const [, , file = '', name = 'AppModule'] = process.argv;
const loaded: Readonly<Record<string, Type<unknown>>> = await import(pathToFileURL(file).href);
const root = loaded[name];
if (root === undefined) throw new Error(`${file} exports no ${name}`);
const app = await NestFactory.create(root, { logger: false });
await app.init();
const { phases } = app.get(GracefulShutdown).plan();
const plan = phases.map((phase) => ({ name: phase.name, tasks: phase.tasks.map((task) => task.name) }));
await new Promise((resolve) => process.stdout.write(`${JSON.stringify(plan)}\n`, resolve));
process.exit();
