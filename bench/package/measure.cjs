// Prints the milliseconds of the processor that the `require` of a package takes after Nest's own.
for (const first of ['reflect-metadata', '@nestjs/common', '@nestjs/core']) require(first);

const name = process.argv[2];
const startedAt = process.cpuUsage();
if (name !== 'none') require(name);
const { user, system } = process.cpuUsage(startedAt);
console.log((user + system) / 1_000);
