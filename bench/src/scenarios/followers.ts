import { median, quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { type ChunkCost, costOfChunk } from '../simulation/followed-output.ts';
import type { Scenario } from './scenario.ts';

const FOLLOWED = [1, 100, 1_000] as const;
const CHUNKS = 3_000;
const QUICK = { followed: 100, chunks: 300 };

export const followers: Scenario = {
  name: 'followers',
  title: 'A chunk of output beside others that are followed',
  method: `\
So many running jobs are followed (\`/jobs/{id}/output?follow=true\`), each by one client, and one of them writes ${CHUNKS} chunks of a line, each when the
follower of that job has the one before. No worker is there: the benchmark claims the jobs and stores the output as a worker does. CPU is that of API and Redis for
a chunk; the time of one is from before it is stored, which waits for the disk, until its follower has it. Medians of the rounds. What is
idle is the CPU of both while nobody writes. A chunk is to cost the same however many others are followed.`,
  rounds: 3,
  async run({ rounds, quick, signal, say }) {
    const costs = new Map<number, ChunkCost[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const followed of FOLLOWED) {
        if (quick && followed > QUICK.followed) continue;
        const cost = await costOfChunk(followed, quick ? QUICK.chunks : CHUNKS, signal);
        costs.set(followed, [...(costs.get(followed) ?? []), cost]);
        say(`${followed} followed: ${figure(ofApiAndRedis(cost), 2)} ms of CPU per chunk`);
      }
    }
    return { text: report(costs) };
  },
};

const ofApiAndRedis = ({ cpuMsPerChunk: { api, redis } }: ChunkCost): number => api + redis;

function report(costs: ReadonlyMap<number, readonly ChunkCost[]>): string {
  const first = median((costs.get(FOLLOWED[0]) ?? []).map(ofApiAndRedis));
  const rows = [...costs].map(([followed, all]) => {
    const whole = median(all.map(ofApiAndRedis));
    return [
      String(followed),
      figure(median(all.map(({ cpuMsPerChunk }) => cpuMsPerChunk.api)), 3),
      figure(median(all.map(({ cpuMsPerChunk }) => cpuMsPerChunk.redis)), 3),
      figure(whole / first, 2),
      figure(median(all.map(({ latenciesMs }) => quantile(latenciesMs, 0.5)))),
      figure(median(all.map(({ latenciesMs }) => quantile(latenciesMs, 0.99)))),
      figure(median(all.map(({ idleCpuMsPerSecond }) => idleCpuMsPerSecond))),
    ];
  });
  const header = ['followed jobs', 'API CPU ms per chunk', 'Redis', 'both, ratio to 1'];
  return table([...header, 'p50 ms', 'p99 ms', 'idle CPU ms per second'], rows);
}
