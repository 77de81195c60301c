// Prints the milliseconds that the `require` of a package takes after Nest's own.
for (const first of ['reflect-metadata', '@nestjs/common', '@nestjs/core']) require(first);

const name = process.argv[2];
const startedAt = performance.now();
if (name !== 'none') require(name);
console.log(performance.now() - startedAt);
