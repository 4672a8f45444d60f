import { TEST_IMAGES } from '@conjob/testkit';
import { expect } from 'vitest';
import { getJson, until } from '../../support/http.ts';

export interface Service {
  readonly url: string;
  readonly adminUrl: string;
  /** Of a worker that is ready, with the label `side=north`. */
  readonly worker: string;
}

type Job = Record<string, unknown>;

const IMAGE = TEST_IMAGES.busybox.tag;
const DOCKER_CACHE = 'conjob-docker-cache-conjob-test-busybox-latest';
const sh = (script: string, more: object = {}) => ({
  image: IMAGE,
  args: ['sh', '-c', script],
  pull: 'never',
  remove: true,
  ...more,
});

/** Asks a service for everything that it does, so that it does to Redis all that it ever does. */
export async function liveWholeLife({ url, adminUrl, worker }: Service): Promise<void> {
  const post = (body: object, headers: Record<string, string> = {}): Promise<Job> =>
    getJson(`${url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const ended = ({ id }: Job): Promise<Job> => getJson(`${url}/jobs/${id}?wait=100`);
  const admin = (path: string, method = 'GET') => fetch(`${adminUrl}${path}`, { method });
  const text = async (path: string) => (await fetch(`${url}${path}`)).text();

  // Jobs: at once, submitted, with input, streamed, followed, repeated, ranked, placed.
  const once = new URLSearchParams({ image: IMAGE, pull: 'never', arg: 'true', remove: 'true' });
  expect((await fetch(`${url}/job/run?${once}`)).status).toBe(200);
  const fed = await post(sh('cat; echo done', { stdin: 'in\n', requires: { side: 'north' } }));
  expect(await ended(fed)).toMatchObject({ output: 'in\ndone\n' });
  const written = await post(sh('for i in 1 2 3; do echo $i; sleep 0.3; done', { priority: 3 }));
  const [followed, events] = await Promise.all([
    text(`/jobs/${written['id']}/output?follow=true`),
    text(`/jobs/${written['id']}/events`),
  ]);
  expect(followed).toBe('1\n2\n3\n');
  expect(events).toContain('finished');
  expect(await text(`/jobs/${written['id']}/attempts/1/output`)).toBe('1\n2\n3\n');
  expect(await text(`/jobs/${written['id']}/reproduce`)).toContain('docker run');
  const key = { 'idempotency-key': 'k1' };
  const [first, second] = [await post(sh('true'), key), await post(sh('true'), key)];
  expect(second['id']).toBe(first['id']);
  expect(await ended(first)).toMatchObject({ conclusion: 'SUCCESS' });
  const again = await post(sh('exit 3', { retry: { maxAttempts: 2, on: ['exit:3'] } }));
  expect((await ended(again))['attempts']).toHaveLength(2);
  const unplaced = await post(sh('true', { requires: { side: 'none' }, queueTimeoutSeconds: 1 }));
  expect(await ended(unplaced)).toMatchObject({ error: { code: 'queue.timed_out' } });
  const waits = await post(sh('true', { requires: { side: 'none' } }));
  const runs = await post(sh('sleep 600', { killTimeoutSeconds: 1 }));
  await until(
    () => getJson(`${url}/jobs/${runs['id']}`),
    ({ phase }) => phase === 'running',
  );
  for (const job of [waits, runs]) {
    await fetch(`${url}/jobs/${job['id']}/cancel?reason=enough`, { method: 'POST' });
    expect(await ended(job)).toMatchObject({ conclusion: 'CANCELLED' });
  }
  expect(((await getJson(`${url}/jobs?limit=5`))['jobs'] as Job[]).length).toBe(5);
  expect((await fetch(`${url}/jobs/${fed['id']}`, { method: 'DELETE' })).status).toBe(204);

  // Secrets and tokens.
  const secret = `${url}/secrets?image=${IMAGE}`;
  expect((await fetch(secret, { method: 'POST', body: 'hush' })).status).toBe(200);
  expect(await getJson(secret)).toMatchObject({ set: true });
  const told = await ended(await post(sh('wc -c < /run/build/secrets/secrets')));
  expect(told).toMatchObject({ output: '4\n' });
  expect((await fetch(secret, { method: 'DELETE' })).status).toBe(204);
  const made = await getJson(`${adminUrl}/tokens?name=t&role=read`, { method: 'POST' });
  const authorization = `Bearer ${made['token']}`;
  expect((await fetch(`${url}/jobs`, { headers: { authorization } })).status).toBe(200);
  expect(await (await admin('/tokens')).text()).toContain('"name":"t"');
  expect((await admin('/tokens/t', 'DELETE')).status).toBe(204);

  // What operators do.
  const held = await (
    await admin('/tasks/config?conjob.job.limit.maxConcurrentRuns=1', 'POST')
  ).text();
  const pair = [await post(sh('sleep 1')), await post(sh('true'))];
  for (const job of pair) expect(await ended(job)).toMatchObject({ conclusion: 'SUCCESS' });
  expect((await admin(`/tasks/config?${held}`, 'POST')).status).toBe(200);
  const drained = await admin(`/workers/${worker}/drain?wait=20`, 'POST');
  expect(drained.status).toBe(200);
  expect((await admin(`/workers/${worker}/resume`, 'POST')).status).toBeLessThan(300);
  expect(await ended(await post(sh('true', { useDockerCache: true })))).toMatchObject({
    conclusion: 'SUCCESS',
  });
  const cache = `/tasks/docker/volume/rm?id=${DOCKER_CACHE}`;
  expect(await (await admin(cache, 'POST')).text()).toContain('"removed"');
  for (const path of ['/workers', `/workers/${worker}`, '/healthcheck', '/metrics', '/readyz']) {
    expect((await admin(path)).status, path).toBe(200);
  }
}
