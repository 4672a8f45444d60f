import { interleave, type Measure } from '../interleave.ts';
import { likeConJob } from '../jobs/like-conjob.ts';
import { type Load, loads } from '../jobs/load.ts';
import { median } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { busyShare } from '../stage/calm.ts';
import type { ConJob } from '../stage/conjob.ts';
import { eachPart, PARTS, type Spent, spending } from '../stage/spent.ts';
import type { Stage } from '../stage/stage.ts';
import { compareAgents } from './http-agents.ts';
import type { Performance, Scenario } from './scenario.ts';

const SLOTS = [1, 8, 16];
const IDLE_MS = 2_000;
const jobsFor = (slots: number): number => Math.max(20, 4 * slots);
/** A process that has just started compiles: so many jobs come before those that count. */
const WARM_UP_JOBS = 40;

export const cpu: Scenario = {
  name: 'cpu',
  title: 'CPU time',
  method: `\
CPU time per \`echo\` job, under the load of the scenario *throughput*: of each process from /proc, and
of the rest of the machine (dockerd, containerd, shims, runc, the jobs, the kernel, and whatever else
runs there: see the idle line). The bare sequence runs in the client itself. Medians of the rounds.

The second table is about a trap of the engine client, docker-modem: it runs \`util.inspect\` over its
whole HTTP agent on every request, so that its cost grows with the open connections. The worker
therefore gives it no agent, and Node's global one keeps connections alive just as well. Both are
measured with the same calls, while that many other connections are open.`,
  rounds: 3,
  async run(performance) {
    const idle = await busyShare(IDLE_MS);
    const rows: string[][] = [];
    for (const slots of SLOTS) rows.push(...(await measure(performance, slots)));
    const text = [
      table(['CPU ms per job', 'API', 'worker', 'Redis', 'client', 'engine and rest', 'all'], rows),
      '',
      `${performance.rounds} rounds each. Before, with nothing to do, the machine was ${figure(idle * 100)} % busy.`,
      '',
      await compareAgents(performance),
    ].join('\n');
    return { text };
  },
};

async function measure(performance: Performance, slots: number): Promise<string[][]> {
  const { stage, rounds, signal, say } = performance;
  const jobs = jobsFor(slots);
  say(`${slots} slots: ${rounds} rounds of 2 × ${jobs} jobs`);
  return stage.withConJob({ WORKER_CONCURRENCY: String(slots) }, async (conJob) => {
    const template = await likeConJob(stage.docker, conJob.url, stage.image);
    const load = loads({ stage, signal }, { url: conJob.url, template, slots });
    await load.conJob(WARM_UP_JOBS);
    await load.bare(2 * slots);
    const spent = await interleave(
      rounds,
      {
        conJob: perJob(load.conJob, jobs, stage, conJob),
        bare: perJob(load.bare, jobs, stage, conJob),
      },
      signal,
    );
    return [
      row(`ConJob, ${slots} at a time`, spent.conJob),
      row(`bare, ${slots} at a time`, spent.bare),
    ];
  });
}

function perJob(load: Load, jobs: number, stage: Stage, conJob: ConJob): Measure<Spent> {
  return async () => {
    const { spent } = await spending(stage, conJob, () => load(jobs));
    return eachPart((part) => spent[part] / jobs);
  };
}

function row(name: string, rounds: readonly Spent[]): string[] {
  const medians = PARTS.map((part) => median(rounds.map((spent) => spent[part])));
  const all = median(rounds.map((spent) => PARTS.reduce((sum, part) => sum + spent[part], 0)));
  return [name, ...[...medians, all].map((ms) => figure(ms))];
}
