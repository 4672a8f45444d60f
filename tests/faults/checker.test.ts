import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine } from '@conjob/provision';
import { keys } from '@conjob/shared';
import { CANARY, TEST_IMAGES } from '@conjob/testkit';
import { describe, expect, it } from 'vitest';
import type { Invariant, Tolerance } from './support/check/evidence.ts';
import { useEngines } from './support/cluster/use-engines.ts';
import { lines } from './support/load/script.ts';
import { playRow } from './support/play-row.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

/** A checker that never goes red is worth nothing: here the product is broken behind its back. */
const engines = useEngines();

/** One job that runs for about two seconds, and is running when this resolves. */
async function runOne({ cluster, load }: Stage): Promise<{ id: string; ended: Promise<void> }> {
  const key = load.newKey();
  const { operation, ended } = load.run({ key, script: lines(key, 20, 0.1) });
  const [id = ''] = await load.jobIds([{ operation }]);
  await runningOn(cluster.workers[0].engine, id);
  return { id, ended };
}

/** A container that looks as if it were of that job. Its engine is told to forget it at its end. */
async function runByHand({ engines: [north] }: Stage, job: string, sleep: string): Promise<void> {
  const { body } = await callEngine(north.socketPath, '/containers/create', {
    method: 'POST',
    json: {
      Image: TEST_IMAGES.busybox.tag,
      Cmd: ['sleep', sleep],
      Labels: {
        'conjob.job': job,
        'conjob.attempt': '1',
        'conjob.installation': 'another',
        'conjob.by-hand': 'true',
      },
      HostConfig: { AutoRemove: true, NetworkMode: 'none' },
    },
  });
  const { Id } = JSON.parse(body) as { Id: string };
  await callEngine(north.socketPath, `/containers/${Id}/start`, { method: 'POST' });
}

const BREAKS: readonly {
  readonly invariant: Invariant;
  readonly when: string;
  readonly tolerance?: Tolerance;
  readonly slots?: number;
  readonly play: (stage: Stage) => Promise<void>;
}[] = [
  {
    invariant: 'I1',
    when: 'the record of an accepted job vanishes',
    play: async (stage) => {
      const { id } = await runOne(stage);
      await stage.cluster.redis.with((redis) => redis.del(keys.job(id)));
    },
  },
  {
    invariant: 'I2',
    when: 'a finished job is run and finished once more',
    play: async (stage) => {
      const { id, ended } = await runOne(stage);
      await ended;
      for (const state of ['running', 'finished']) {
        await stage.cluster.redis.with((redis) => redis.hset(keys.job(id), 'state', state));
      }
    },
  },
  {
    invariant: 'I2',
    when: 'a key becomes two jobs',
    play: async (stage) => {
      const { id, ended } = await runOne(stage);
      await ended;
      await stage.cluster.redis.with(async (redis) => {
        const record = await redis.hgetall(keys.job(id));
        await redis.hset(keys.job('j_another'), { ...record, state: 'queued' });
        await redis.hset(keys.job('j_another'), 'state', 'finished');
      });
    },
  },
  {
    invariant: 'I3',
    when: 'a second container of a running job is started',
    play: async (stage) => {
      const { id } = await runOne(stage);
      await runByHand(stage, id, '0.1');
    },
  },
  {
    invariant: 'P3',
    when: 'a job is started again after its end',
    play: async (stage) => {
      const { id, ended } = await runOne(stage);
      await ended;
      await comesTrue(() => stage.runs().every(({ until }) => until < Infinity));
      await runByHand(stage, id, '0.1');
      await comesTrue(() => stage.runs().length === 2);
    },
  },
  {
    invariant: 'I4',
    when: 'a container of a job is left behind',
    play: async (stage) => {
      await runOne(stage);
      await runByHand(stage, 'j_forgotten', '60');
    },
  },
  {
    invariant: 'I5',
    when: 'a line comes twice',
    play: async (stage) => {
      const { id } = await runOne(stage);
      await stage.cluster.redis.with(async (redis) => {
        const stream = keys.output(id, 1);
        await comesTrue(async () => (await redis.xlen(stream)) > 0);
        const [[, fields]] = (await redis.xrange(stream, '-', '+', 'COUNT', 1)) as [
          [string, string[]],
        ];
        await redis.xadd(stream, '*', ...fields);
      });
    },
  },
  {
    invariant: 'I6',
    when: 'an API dies that nobody has killed',
    play: async (stage) => {
      const [api] = stage.cluster.apis;
      process.kill(api.process.pid, 'SIGKILL');
      await api.process.exited;
      await stage.load.client.ask(api, { path: '/livez' });
      await api.start();
    },
  },
  {
    invariant: 'I6',
    when: 'an answer comes too late',
    play: async ({ cluster: { apis }, load }) => {
      const [api] = apis;
      process.kill(api.process.pid, 'SIGSTOP');
      const asking = load.client.ask(api, { path: '/livez' });
      await sleep(2_500);
      process.kill(api.process.pid, 'SIGCONT');
      await asking;
    },
  },
  {
    invariant: 'I7',
    when: 'a process is larger than it may be',
    tolerance: { peakBytes: 2 ** 20 },
    play: async (stage) => {
      await runOne(stage);
    },
  },
  {
    invariant: 'I8',
    when: 'a client is shown the secret of a job',
    play: async (stage) => {
      const key = stage.load.newKey();
      const { operation, ended } = stage.load.run({ key, script: lines(key, 1), secret: true });
      await ended;
      if (operation.view !== null) operation.view = { ...operation.view, output: CANARY.env };
    },
  },
  {
    invariant: 'I9',
    when: 'an engine runs more containers than its worker has slots',
    slots: 1,
    play: async (stage) => {
      await runOne(stage);
      await runByHand(stage, 'j_another', '0.1');
    },
  },
  {
    invariant: 'I9',
    when: 'more containers run than an operator lets run at once',
    play: async (stage) => {
      await stage.runLimits.limitRuns(1);
      await runOne(stage);
      await runByHand(stage, 'j_another', '0.1');
    },
  },
  {
    invariant: 'I9',
    when: 'a worker never gives a slot back',
    play: async ({ cluster }) => {
      await cluster.redis.with(async (redis) => {
        const report = JSON.parse((await redis.get(keys.worker('north'))) ?? '') as object;
        const heartbeatAt = Date.now() + 60_000;
        const stuck = { ...report, name: 'stuck', running: 1, heartbeatAt };
        await redis.set(keys.worker('stuck'), JSON.stringify(stuck));
        await redis.zadd(keys.workers, heartbeatAt, 'stuck');
      });
    },
  },
];

describe('the checker', () => {
  it('sees nothing wrong where nothing is', async () => {
    const row = { row: 'checker', fault: 'none', cluster: { workers: 1 } } as const;
    await playRow(
      engines(),
      row,
      async (stage) => {
        await runOne(stage);
        const key = stage.load.newKey();
        await stage.load.run({ key, script: lines(key, 3), secret: true }).ended;
      },
      ({ violations }) => expect(violations).toEqual([]),
    );
  });

  it.each(BREAKS)(
    'finds $invariant broken when $when',
    async ({ invariant, tolerance, slots, play }) => {
      const row = {
        row: 'checker',
        fault: 'on purpose',
        cluster: { workers: 1, ...(slots === undefined ? {} : { slots }) },
        restMs: 2_000,
        ...(tolerance === undefined ? {} : { tolerance }),
      } as const;
      await playRow(engines(), row, play, ({ violations }) =>
        expect(violations.map((violation) => violation.invariant)).toContain(invariant),
      );
    },
  );
});
