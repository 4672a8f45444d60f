import { keys, type VolumeAnswer, type VolumeRemoval, Workers } from '@conjob/shared';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { startTestApi, useTestApi, withRedis } from '../testing/test-api.ts';
import { forgetWorkers, reportWorker } from '../testing/worker-report.ts';
import { VolumeRemovals } from './volume-removals.ts';

const api = useTestApi(byImage);
const PATH = '/tasks/docker/volume/rm';
const remove = (query: string) => api.callAdmin(`${PATH}?${query}`, { method: 'POST' });
const closers: (() => void)[] = [];

beforeEach(() => withRedis(api.redis, forgetWorkers));
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const removed = (id: string): VolumeAnswer => {
  return { id, volume: id, outcome: 'removed', containers: [], reason: null };
};

/** A worker that has nothing but volumes. */
async function answering(worker: string): Promise<void> {
  const [listener, redis] = [new Redis(api.redis.target), new Redis(api.redis.target)];
  closers.push(
    () => listener.disconnect(),
    () => redis.disconnect(),
  );
  await reportWorker(redis, { name: worker });
  listener.on('message', (_, message) => {
    const { id, volumes } = JSON.parse(message) as VolumeRemoval;
    void redis.hset(keys.volumeAnswers(id), worker, JSON.stringify(volumes.map(removed)));
  });
  await listener.subscribe(keys.volumeRemovals);
}

describe(`POST ${PATH}`, () => {
  test('collects what each worker says of each volume', async () => {
    await answering('w2');
    await answering('w1');
    const answer = await remove('id=one&id=two&id=one');
    const volumes = [removed('one'), removed('two')];
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      complete: true,
      workers: [
        { worker: 'w1', answered: true, volumes, reason: null },
        { worker: 'w2', answered: true, volumes, reason: null },
      ],
    });
  });

  test('does not wait for a worker that is lost, and says so', async () => {
    await answering('w1');
    await withRedis(api.redis, (redis) => reportWorker(redis, { name: 'w2' }, -1000));
    expect((await remove('id=one')).json).toEqual({
      complete: false,
      workers: [
        { worker: 'w1', answered: true, volumes: [removed('one')], reason: null },
        { worker: 'w2', answered: false, volumes: [], reason: 'It gives no sign of life.' },
      ],
    });
  });

  test('waits for one that lives but is mute until its deadline only', async () => {
    await withRedis(api.redis, async (redis) => {
      await reportWorker(redis, { name: 'w1' });
      const removals = new VolumeRemovals({ redis, workers: new Workers(redis), timeoutMs: 200 });
      expect(await removals.remove(['one'], new AbortController().signal)).toMatchObject([
        { worker: 'w1', answered: false, reason: 'It did not answer within 0.2 s.' },
      ]);
    });
  });

  test('answers when the process shuts down, whoever has not answered', async () => {
    const other = await startTestApi({}, api.redis);
    const asked = new Redis(api.redis.target);
    closers.push(() => asked.disconnect());
    await reportWorker(asked, { name: 'w1' });
    await asked.subscribe(keys.volumeRemovals);
    const heard = new Promise((resolve) => asked.once('message', resolve));
    const answer = other.callAdmin(`${PATH}?id=one`, { method: 'POST' });
    await heard;
    await other.api.close();
    expect((await answer).json).toMatchObject({ complete: false });
  });

  test('has nothing to say where there is no worker', async () => {
    expect((await remove('id=one')).json).toEqual({ complete: true, workers: [] });
  });

  test.each([
    ['', /at least one/],
    ['id=', /2 to 255/],
    ['id=a/b', /2 to 255/],
    ['id=%2e%2e', /2 to 255/],
    [`id=${'x'.repeat(256)}`, /2 to 255/],
    [Array.from({ length: 101 }, (_, index) => `id=volume-${index}`).join('&'), /100 volumes/],
    ['id=one&force=true', /force/],
  ])('refuses ?%s, and asks nobody', async (query, message) => {
    const answer = await remove(query);
    expect(answer.status).toBe(400);
    expect(answer.json.detail).toMatch(message);
  });

  test('is for POST alone', async () => {
    expect((await api.callAdmin(`${PATH}?id=one`)).status).toBe(405);
  });
});
