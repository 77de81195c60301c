/** Sources import each other with the ending that the build has; the tests run them before they are built. */
module.exports = (path, options) => {
  if (path.startsWith('.') && path.endsWith('.js') && !options.basedir.includes('node_modules')) {
    try {
      return options.defaultResolver(path.replace(/\.js$/, '.ts'), options);
    } catch {
      // A real .js file: resolved as it is.
    }
  }
  return options.defaultResolver(path, options);
};
