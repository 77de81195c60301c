import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const majors = { 11: `${root}/test/nest-11/node_modules/@nestjs`, 12: `${root}/node_modules/@nestjs` };

const shared = {
  rootDir: root,
  testEnvironment: 'node',
  resolver: '<rootDir>/test/typescript-endings.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      require.resolve('@swc/jest'),
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/**
 * What does not touch the members of Nest that moved between its majors runs on the newer one alone, unless all is
 * asked for.
 */
const ON_ONE_MAJOR =
  process.env.TEST_NEST_11 === 'full'
    ? []
    : [
        '/test/(readiness|probes|terminus|in-flight)/',
        '/test/discovery/(task-names|order-doubts)',
        '/test/websockets/(crossing|leaving|options|spread|turns)',
        '/test/nest/(doctor|examples|opposed-options|report|shutdown-harness|tracing)',
      ];

/** The suites over real applications run on both majors of Nest. */
const onNest = (major) => ({
  ...shared,
  displayName: `nest-${major}`,
  testPathIgnorePatterns: ['/node_modules/', ...(major === 11 ? ON_ONE_MAJOR : [])],
  testMatch: [
    '<rootDir>/test/{nest,http-nest,discovery,in-flight,readiness,probes,terminus,microservices,websockets,bullmq,schedule}/**/*.spec.ts',
  ],
  moduleNameMapper: {
    '^@nestjs/([^/]+)(.*)$': `${majors[major]}/$1$2`,
    // The examples of the documentation import the package as its users do.
    '^nestjs-phased-shutdown$': '<rootDir>/lib/index.ts',
    '^nestjs-phased-shutdown/(.+)$': '<rootDir>/lib/$1/index.ts',
  },
});

export default {
  // Most suites wait for a forked program, a broker or a browser: one worker on two cores, as is Jest's default,
  // leaves them idle.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/longest-first.js',
  // The modules of a suite are not let go of when it ends: a worker of two gigabytes spends its time in the collector.
  workerIdleMemoryLimit: '500MB',
  // For a busy machine; what takes time by itself says so.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '/test/package/',
        '/test/(nest|http-nest|discovery|in-flight|readiness|probes|terminus|microservices|websockets|bullmq|schedule)/',
      ],
    },
    {
      ...shared,
      displayName: 'package',
      testMatch: ['<rootDir>/test/package/*.spec.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        ...(process.env.TEST_PACKAGE === 'full' ? [] : ['/without-peers']),
      ],
    },
    onNest(11),
    onNest(12),
  ],
};
