/** A token that another copy of the package finds as well. */
export const token = (name: string): symbol => Symbol.for(`nestjs-phased-shutdown.${name}`);

/** The token of the options. */
export const OPTIONS = token('options');
