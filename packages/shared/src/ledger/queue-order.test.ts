import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import type { JobSpec } from '../job-spec.ts';
import { keys, RUN_QUEUE } from '../keys.ts';
import { queueOf } from '../placement.ts';
import { SEEDS, seededRandom } from '../testing/random.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { Lines } from './lines.ts';

const ledger = useLedger();
const GPU = { gpu: 'true' };
const ARM = { arch: 'arm64', os: 'linux' };

/** Accepts a job as if it had come so many milliseconds after the beginning of this day. */
async function submitAt(milliseconds: number, fields: Partial<JobSpec> = {}): Promise<string> {
  const id = await ledger.submit(fields);
  // Through the ledger, so that the place comes from the time on record.
  await ledger.redis.hset(keys.job(id), 'createdAt', 1_800_000_000_000 + milliseconds);
  await ledger.worker('first').release(await ledger.claim(id));
  return id;
}

const order = (queue = RUN_QUEUE) => new Lines(ledger.redis).first(queue, 100);

describe('those that wait', () => {
  test('are in the order of their priority, then of their time', async () => {
    const late = await submitAt(5);
    const low = await submitAt(1, { priority: -1 });
    const early = await submitAt(4);
    const high = await submitAt(9, { priority: 1000 });
    const lowest = await submitAt(0, { priority: -1000 });
    expect(await order()).toEqual([high, early, late, low, lowest]);
    expect(await new Lines(ledger.redis).first(RUN_QUEUE, 2)).toEqual([high, early]);
    const positions = [high, early, late, low, lowest].map((id) => ledger.position(id));
    expect(await Promise.all(positions)).toEqual([0, 1, 2, 3, 4]);
  });

  test.each(SEEDS.slice(0, 5))(
    'are so whatever is taken and given back (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const ranked: { id: string; priority: number; at: number }[] = [];
      for (let n = 0; n < 30; n += 1) {
        const at = random.below(86_400_000);
        const priority = random.pick([-1000, -1, 0, 0, 1, 1000]);
        ranked.push({ id: await submitAt(at, { priority }), priority, at });
      }
      ranked.sort((a, b) => b.priority - a.priority || a.at - b.at);
      const expected = ranked.map(({ id }) => id);
      expect(await order()).toEqual(expected);
      for (const end of [
        async (id: string) => ledger.worker('first').release(await ledger.claim(id)),
        async (id: string) => {
          await ledger.claim(id);
          await ledger.loseWorker(id);
        },
      ]) {
        const id = random.pick(expected);
        await end(id);
        expect(await order()).toEqual(expected);
      }
    },
  );

  test('leave the line when they are taken', async () => {
    const [first, second] = [await submitAt(1), await submitAt(2)];
    await ledger.claim(first);
    expect(await ledger.position(first)).toBeNull();
    expect(await ledger.position(second)).toBe(0);
  });

  test('wait in line only with those that require the same', async () => {
    const any = await ledger.submit();
    const gpu = await ledger.submit({ requires: GPU });
    const same = await ledger.submit({ requires: { gpu: 'true' } });
    expect(await order()).toEqual([any]);
    expect(await order(queueOf(GPU))).toEqual([gpu, same]);
    expect(await ledger.position(same)).toBe(1);
  });
});

describe('requirements', () => {
  /** What is heard on the channel while something is done, up to a last word. */
  async function newsOf(act: () => Promise<unknown>): Promise<string[]> {
    const listener = ledger.redis.duplicate();
    const heard: string[] = [];
    listener.on('message', (_channel, message) => heard.push(message));
    await listener.subscribe(keys.workerNews);
    await act();
    await ledger.redis.publish(keys.workerNews, 'end');
    await until(() => heard.at(-1) === 'end');
    listener.disconnect();
    return heard.slice(0, -1);
  }

  test('are known from the first job that has them, and announced once', async () => {
    expect(await newsOf(() => ledger.submit({ requires: GPU }))).toEqual(['']);
    expect(await newsOf(() => ledger.submit({ requires: GPU }))).toEqual([]);
    const reordered = { os: 'linux', arch: 'arm64' };
    expect(await newsOf(() => ledger.submit({ requires: reordered }))).toEqual(['']);
    expect(await newsOf(() => ledger.submit({ requires: ARM }))).toEqual([]);
    const known = await ledger.submissions.placements();
    expect(known).toHaveLength(2);
    expect(known).toEqual(expect.arrayContaining([GPU, ARM]));
  });

  test('that are none are not among them', async () => {
    expect(await newsOf(() => ledger.submit())).toEqual([]);
    expect(await ledger.submissions.placements()).toEqual([]);
  });

  test('are known again when a job that has them is given back, lost, or run again', async () => {
    const attempts = ledger.worker('first');
    const ways: ((id: string) => Promise<unknown>)[] = [
      async (id) => attempts.release(await ledger.claim(id)),
      async (id) => {
        await ledger.claim(id);
        await ledger.loseWorker(id);
      },
      async (id) => attempts.retry(await ledger.claim(id), jobResult({ exitCode: 1 }), 0),
    ];
    for (const way of ways) {
      const id = await ledger.submit({ requires: GPU });
      const claimed = await ledger.redis.zrem(keys.placements, JSON.stringify([['gpu', 'true']]));
      expect(claimed).toBe(1);
      expect(await newsOf(() => way(id))).toEqual(['']);
      expect(await ledger.submissions.placements()).toEqual([GPU]);
    }
  });

  test('are forgotten when nobody waits with them, and none has come for long enough', async () => {
    const id = await ledger.submit({ requires: GPU });
    expect(await ledger.submissions.forgetPlacement(GPU, -1)).toBe(false);
    await ledger.claim(id);
    expect(await ledger.submissions.forgetPlacement(GPU, 60_000)).toBe(false);
    expect(await ledger.submissions.placements()).toEqual([GPU]);
    expect(await ledger.submissions.forgetPlacement(GPU, -1)).toBe(true);
    expect(await ledger.submissions.placements()).toEqual([]);
    expect(await ledger.submissions.forgetPlacement(GPU, -1)).toBe(false);
  });

  test('keep the others when they are forgotten', async () => {
    await ledger.submissions.cancel(await ledger.submit({ requires: GPU }), 'enough');
    await ledger.submit({ requires: ARM });
    expect(await ledger.submissions.forgetPlacement(GPU, -1)).toBe(true);
    expect(await ledger.submissions.placements()).toEqual([ARM]);
  });
});
