const here = new URL('./', import.meta.url).href;

/** Lets every ES module find Nest as this folder has it; what Nest itself requires is beside it. */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier, specifier.startsWith('@nestjs/') ? { ...context, parentURL: here } : context);
}
