import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { type Cost, type CostCase, measureCost } from './fairness-cost.ts';
import { type DelayCase, measureDelay, SLOTS } from './fairness-delay.ts';
import type { Performance, Scenario } from './scenario.ts';

/** Without groups of their own no more than can be waited for. */
const DELAYS: readonly DelayCase[] = [
  { queued: 10, isApart: false },
  { queued: 100, isApart: false },
  { queued: 10, isApart: true },
  { queued: 100, isApart: true },
  { queued: 10_000, isApart: true },
];
const COSTS: readonly CostCase[] = [1, 1_000, 100_000].flatMap((queued) =>
  [1, 10, 1_000].filter((groups) => groups <= queued).map((groups) => ({ queued, groups })),
);

export const fairness: Scenario = {
  name: 'fairness',
  title: 'One caller among many jobs of another',
  method: `\
**Delay**: a caller queues \`true\` jobs; a worker with ${SLOTS} slots begins; when the first of them runs,
another caller submits a single job. What is shown is how long that one waited for its start, when it is of the
same group (as all jobs were before there were groups), and when it is of its own.

**Cost**: only the ledger, on a Redis that writes every change to the disk before its answer. With so many
jobs waiting, of so many groups, further ones are accepted, taken and ended by 16 clients at once: the
processor time of Redis for each, the time until a worker knows which job it got, and until a caller knows the position of a job.
It should not grow with either; the position may, up to the 200 groups that it looks at.`,
  rounds: 3,
  async run(performance) {
    const delays = await eachRound(performance, DELAYS, measureDelay);
    const costs = await eachRound(performance, COSTS, measureCost);
    const about = `Medians of ${performance.rounds} rounds.`;
    return { text: [reportDelays(delays), reportCosts(costs), about].join('\n\n') };
  },
};

interface Measured<Case, Value> {
  readonly of: Case;
  readonly values: Value[];
}

/** All cases in turns, so that what disturbs a while disturbs all of them. */
async function eachRound<Case, Value>(
  performance: Performance,
  cases: readonly Case[],
  measure: (performance: Performance, of: Case) => Promise<Value>,
): Promise<Measured<Case, Value>[]> {
  const measured = cases.map((of): Measured<Case, Value> => ({ of, values: [] }));
  for (let round = 1; round <= performance.rounds; round += 1) {
    for (const { of, values } of measured) {
      performance.signal.throwIfAborted();
      performance.say(`round ${round} of ${performance.rounds}: ${JSON.stringify(of)}`);
      values.push(await measure(performance, of));
    }
  }
  return measured;
}

function reportDelays(delays: readonly Measured<DelayCase, number>[]): string {
  return table(
    ['delay of the single job, ms', 'p50', 'p95', 'p99', 'max'],
    delays.map(({ of: { queued, isApart }, values }) => [
      `${queued.toLocaleString('en')} jobs, ${isApart ? 'a group of its own' : 'the same group'}`,
      ...[0.5, 0.95, 0.99, 1].map((share) => figure(quantile(values, share), 0)),
    ]),
  );
}

function reportCosts(costs: readonly Measured<CostCase, Cost>[]): string {
  const middle = (values: Cost[], of: keyof Cost) => median(values.map((cost) => cost[of]));
  return table(
    ['waiting jobs', 'groups', 'Redis, µs a job', 'take, ms', 'position, ms'],
    costs.map(({ of: { queued, groups }, values }) => [
      queued.toLocaleString('en'),
      groups.toLocaleString('en'),
      figure(middle(values, 'redisUs'), 0),
      figure(middle(values, 'takeMs'), 2),
      figure(middle(values, 'positionMs'), 2),
    ]),
  );
}
