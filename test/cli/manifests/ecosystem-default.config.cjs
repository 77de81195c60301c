module.exports = { apps: [{ name: 'shop', script: 'dist/main.js' }] };
