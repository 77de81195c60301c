import { describePlan } from '../../lib/cli/plan-description.js';
import { planMermaid } from '../../lib/cli/plan-mermaid.js';
import { planTree } from '../../lib/cli/plan-tree.js';
import type { PhaseOptions } from '../../lib/plan/phase.js';
import { buildPlan } from '../../lib/plan/build-plan.js';
import type { ShutdownTask } from '../../lib/plan/task.js';
import { measured } from './measured.js';

const run = (): void => undefined;
const pool = { is: 'pool' };
const orders = { is: 'orders' };
const middle = { is: 'a provider without a task' };

const phases: readonly PhaseOptions[] = [
  { name: 'unready', timeout: 1_000 },
  { name: 'drain', timeout: 20_000, onFailure: 'abort' },
  { name: 'close', timeout: 12_000, mode: 'dependency' },
  { name: 'audit', after: ['unready'], timeout: 500 },
  { name: 'now', after: [], timeout: 100, enabled: false },
];
const tasks: readonly ShutdownTask[] = [
  { name: 'HttpDrain', phase: 'drain', run },
  { name: 'first "quoted" #1', phase: 'drain', mode: 'sequential', order: -1, timeout: 300, run },
  { name: 'Pool.end', owner: pool, run },
  { name: 'Orders.end', owner: orders, run },
  { name: 'Orders.late', owner: orders, after: ['Orders.end'], run },
];
const injections = new Map([
  [orders, [middle]],
  [middle, [pool]],
]);

function described() {
  const { settings } = measured({});
  const plan = buildPlan(phases, tasks, injections);
  // What the settings are asked for here are the two times.
  return describePlan({ plan, settings: { ...settings, gracePeriod: 30_000 }, optionsFrom: 'module' });
}

test('prints phases, tasks, what they wait for, and the excess as a tree', () => {
  expect(`\n${planTree(described())}\n`).toBe(`
unready   1 000 ms  parallel
└─ (nothing)
drain    20 000 ms  parallel  onFailure: abort
├─ first "quoted" #1  300 ms  sequential
└─ HttpDrain          after first "quoted" #1
close    12 000 ms  dependency
├─ Orders.end
├─ Orders.late  after Orders.end
└─ Pool.end     after Orders.late
audit       500 ms  parallel  after unready
└─ (nothing)
now         100 ms  disabled  starts at once
└─ (nothing)

at most  unready 1 000 + drain 20 000 + close 12 000 = 33 000 ms
and 1 000 ms for the end of the process, 4 000 ms more than a gracePeriod of 30 000 ms
`);
});

test('draws a box per phase, an arrow per wait, and a thick longest path', () => {
  expect(`\n${planMermaid(described())}\n`).toBe(`
flowchart TD
  subgraph p0["unready, 1 000 ms, parallel"]
    p0t0["(nothing)"]
  end
  subgraph p1["drain, 20 000 ms, parallel"]
    p1t0["first #quot;quoted#quot; #35;1"]
    p1t1["HttpDrain"]
    p1t0 --> p1t1
  end
  subgraph p2["close, 12 000 ms, dependency"]
    p2t0["Orders.end"]
    p2t1["Orders.late"]
    p2t2["Pool.end"]
    p2t0 --> p2t1
    p2t1 --> p2t2
  end
  subgraph p3["audit, 500 ms, parallel"]
    p3t0["(nothing)"]
  end
  subgraph p4["now, 100 ms, disabled"]
    p4t0["(nothing)"]
  end
  p0 ==> p1
  p1 ==> p2
  p0 --> p3
  %% at most 33 000 ms, along the thick arrows
`);
});

test('describes the plan as plain data with a version', () => {
  const plan = described();
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(plan).toMatchObject({
    version: 1,
    optionsFrom: 'module',
    gracePeriodMs: 30_000,
    reserveMs: 1_000,
    longestPath: { phases: ['unready', 'drain', 'close'], ms: 33_000 },
    fits: false,
  });
  expect(plan.phases[1]).toEqual({
    name: 'drain',
    mode: 'parallel',
    timeoutMs: 20_000,
    after: ['unready'],
    onFailure: 'abort',
    enabled: true,
    tasks: [
      { name: 'first "quoted" #1', mode: 'sequential', timeoutMs: 300, waitsFor: [] },
      { name: 'HttpDrain', waitsFor: ['first "quoted" #1'] },
    ],
  });
});
