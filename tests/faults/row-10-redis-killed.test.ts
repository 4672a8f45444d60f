import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { EVERY_ROW } from './ci-rows.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const LEASE_SECONDS = 15;
/** Of the lease: what was not renewed for this long is ended by its own worker. */
const FENCE = 0.6;
const PROBE_MS = 250;

faultRow(
  {
    row: '10 short',
    fault: 'kill -9 Redis, back after 3 s',
    cluster: { leaseSeconds: LEASE_SECONDS },
  },
  async (stage) => {
    await loadBothWorkers(stage);
    await outage(stage, 3_000);
  },
);

if (EVERY_ROW) {
  faultRow(
    {
      row: '10 long',
      fault: 'kill -9 Redis, back after 60 s, which is longer than the lease',
      cluster: { leaseSeconds: LEASE_SECONDS },
      tolerance: { mayEnd: ['worker.lost'] },
    },
    async (stage) => {
      const { load, cluster } = stage;
      const clients = Array.from({ length: 2 }, () => {
        const key = load.newKey();
        return load.run({ key, script: lines(key, 1_000, 0.1) });
      });
      await loadBothWorkers(stage);
      const crashed = Date.now();
      await outage(stage, 60_000);
      await load.end();
      for (const { operation } of clients) {
        expect(operation.view).toMatchObject({ error: { code: 'worker.lost' } });
      }
      const endedAfter = stage
        .runs()
        .filter(({ from, until }) => from < crashed && until > crashed)
        .map(({ until }) => until - crashed);
      stage.figures['last container ended after'] = `${Math.round(Math.max(...endedAfter))} ms`;
      expect(Math.max(...endedAfter)).toBeLessThan(FENCE * cluster.leaseMs + 2_000);
    },
  );
}

async function loadBothWorkers({ load, cluster, control }: Stage): Promise<void> {
  await load.mix({ jobs: 8, kinds: ['long', 'long', 'failing', 'chatty'] });
  const running = await Promise.all(cluster.workers.map(({ engine }) => runningOn(engine)));
  await control('containers run on both workers', !running.includes(false));
}

/** Clients go on asking while Redis is away, and one more job tells when all is well again. */
async function outage({ cluster, load, control, recovery, figures }: Stage, ms: number) {
  const { redis } = cluster;
  const crashed = Date.now();
  await redis.crash();
  const asking = load.mix({ jobs: 4, kinds: ['short'], everyMs: 400 });
  const isRefused = async () => {
    const answer = await load.client.ask(cluster.apis[0], { path: '/readyz' });
    return 'status' in answer && answer.status === 503;
  };
  await control('Redis is gone, and the API says so', comesTrue(isRefused));
  while (Date.now() < crashed + ms) {
    await control('the API refuses', isRefused());
    await sleep(PROBE_MS);
  }
  const key = load.newKey();
  await recovery(async () => {
    await redis.restart();
    await load.run({ key, script: lines(key, 1) }).ended;
  });
  await asking;
  const took = load.client.history
    .filter(({ status }) => status === 503)
    .map(({ from, until }) => until - from)
    .toSorted((one, other) => one - other);
  figures['503 p99'] = `${took[Math.floor(took.length * 0.99)]} ms of ${took.length} answers`;
}
