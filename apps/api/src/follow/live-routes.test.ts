import { jobError, resultWithoutOutput } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { readLive } from '../testing/live-client.ts';
import { startTestApi } from '../testing/test-api.ts';
import { useHandApi } from '../testing/use-hand-api.ts';

const { server, api, worker } = useHandApi();

const FAILURE = { conclusion: 'FAILURE', exitCode: 3 } as const;

async function begin() {
  const claim = await worker.take();
  await worker.attempts.advance(claim, 'started', 'running');
  const print = (data: string | Buffer, stream: 'stdout' | 'stderr' = 'stdout') =>
    worker.attempts.appendOutput(claim, [{ stream, data: Buffer.from(data) }]);
  return { claim, print };
}

const live = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  readLive(`${api.api.url}${path}`, headers, method);

describe('/job/run?stream=true', () => {
  test('writes output while the job runs, and how it ended behind it', async () => {
    const answer = live('/job/run?image=any&stream=true');
    const { claim, print } = await begin();
    await print('first ');
    await until(() => answer.text === 'first ');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'conjob-job-id': claim.id,
      trailer: expect.stringContaining('Conjob-Conclusion, Conjob-Exit-Code'),
    });
    await print('second', 'stderr');
    await worker.finish(claim, FAILURE);
    expect(await answer.ended).toBe('whole');
    expect(answer.text).toBe('first second');
    expect(answer.trailers).toMatchObject({
      'conjob-conclusion': 'FAILURE',
      'conjob-exit-code': '3',
    });
    expect(answer.trailers).not.toHaveProperty('conjob-error');
  });

  test('says behind the output why a job did not simply run to its end', async () => {
    const answer = live('/job/run?image=any&stream=true');
    const { claim, print } = await begin();
    await print('begin');
    await until(() => answer.text === 'begin');
    const followed = live(`/jobs/${claim.id}/output?follow=true`);
    await until(() => followed.text === 'begin');
    const error = jobError('run.timed_out', 'after 1 s');
    await worker.finish(claim, { conclusion: 'TIMED_OUT', exitCode: -1, error });
    for (const each of [answer, followed]) {
      expect(await each.ended).toBe('whole');
      expect(each.headers['trailer']).toContain('Conjob-Error');
      expect(each.trailers).toMatchObject({
        'conjob-conclusion': 'TIMED_OUT',
        'conjob-error': 'run.timed_out',
      });
    }
  });

  test('of a job that ends without output has the status of its end', async () => {
    const answer = live('/job/run?image=any&stream=true');
    const { claim } = await begin();
    const error = jobError('image.not_found');
    await worker.finish(claim, resultWithoutOutput('NOT_FOUND', error));
    expect(await answer.ended).toBe('whole');
    expect(answer.status).toBe(404);
    expect(answer.text).toMatch(/^Job not found\. image\.not_found: /);
  });

  test('answers 202 when the time that it may wait is over before any output', async () => {
    const answer = live('/job/run?image=any&stream=true', { Prefer: 'wait=1' });
    const { claim } = await begin();
    await answer.ended;
    expect(answer).toMatchObject({ status: 202, headers: { location: `/jobs/${claim.id}` } });
    await worker.finish(claim);
  });

  test('is text only, and makes no job for who wants something else', async () => {
    const before = (await api.call('/jobs')).json.jobs.length;
    const answer = live('/job/run?image=any&stream=true', { Accept: 'application/json' });
    await answer.ended;
    expect(answer.status).toBe(406);
    expect((await api.call('/jobs')).json.jobs).toHaveLength(before);
  });

  test('cancels the job of a client that leaves in mid-stream, where it asked for that', async () => {
    const answer = live('/job/run?image=any&stream=true&onDisconnect=cancel');
    const { claim, print } = await begin();
    await print('some');
    await until(() => answer.text === 'some');
    answer.leave();
    await until(async () => (await worker.attempts.renew(claim)) !== '');
    await worker.finish(claim, resultWithoutOutput('CANCELLED', jobError('run.cancelled')));
  });
});

describe('GET /jobs/{id}/output?follow=true', () => {
  test('goes on until the job ends, over all attempts', async () => {
    const { id } = (
      await api.call('/jobs', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ image: 'any', retry: { maxAttempts: 2, on: ['exit:3'] } }),
      })
    ).json;
    const answer = live(`/jobs/${id}/output?follow=true`);
    const errors = live(`/jobs/${id}/output?follow=true&stream=stderr`);
    const rest = live(`/jobs/${id}/output?follow=true&offset=8`);
    const first = await begin();
    await first.print('attempt 1 ');
    await until(() => answer.text === 'attempt 1 ');
    await first.print('oops ', 'stderr');
    const ofFirst = live(`/jobs/${id}/attempts/1/output?follow=true`);
    await worker.retry(first.claim, FAILURE);
    expect(await ofFirst.ended).toBe('whole');
    expect(ofFirst.trailers).toMatchObject({ 'conjob-exit-code': '3' });
    const second = await begin();
    await second.print('attempt 2');
    await worker.finish(second.claim);
    for (const each of [answer, errors, rest]) expect(await each.ended).toBe('whole');
    expect(answer.text).toBe('attempt 1 oops attempt 2');
    expect(errors.text).toBe('oops ');
    expect(rest.text).toBe('1 oops attempt 2');
    expect(ofFirst.text).toBe('attempt 1 oops ');
    expect(answer.trailers).toMatchObject({ 'conjob-conclusion': 'SUCCESS' });
  });

  test('ends with an attempt that was given back before its start, which has no result', async () => {
    const { id } = (await api.call('/jobs?image=any', { method: 'POST' })).json;
    const claim = await worker.take();
    const path = `/jobs/${id}/attempts/1/output?follow=true`;
    const meanwhile = live(path);
    await until(() => meanwhile.status === 200);
    await worker.attempts.release(claim);
    expect(await meanwhile.ended).toBe('whole');
    const afterwards = live(path);
    expect(await afterwards.ended).toBe('whole');
    for (const { text, trailers } of [meanwhile, afterwards]) {
      expect(text).toBe('');
      expect(trailers).toEqual({});
    }
    await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
  });

  test('answers HEAD without waiting for the job', async () => {
    const { id } = (await api.call('/jobs?image=any', { method: 'POST' })).json;
    const answer = live(`/jobs/${id}/output?follow=true`, {}, 'HEAD');
    expect(await answer.ended).toBe('whole');
    expect(answer).toMatchObject({ status: 200, text: '' });
    await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
  });

  test('is broken off, not ended, by a server that shuts down before the job has ended', async () => {
    const own = await startTestApi({}, server);
    const { id } = (await own.call('/jobs?image=any', { method: 'POST' })).json;
    const output = readLive(`${own.api.url}/jobs/${id}/output?follow=true`);
    const events = readLive(`${own.api.url}/jobs/${id}/events`);
    const { claim, print } = await begin();
    await print('so far');
    await until(() => output.text === 'so far' && /so far/.test(events.text));
    await own.close();
    expect(await output.ended).toBe('broken off');
    // An EventSource comes back by itself, and goes on where it was: it may end.
    expect(await events.ended).toBe('whole');
    expect(events.text).toMatch(/\nretry: \d+\n\n$/);
    await worker.finish(claim);
  });
});

describe('a client that does not read', () => {
  const WRITES = 64;
  const chunk = 'x'.repeat(16 * 1024);

  test('is cut off, told so where events have a word for it, and slows nobody', async () => {
    const own = await startTestApi({ CLIENT_STALL_SECONDS: '1' }, server);
    const { id } = (await own.call('/jobs?image=any', { method: 'POST' })).json;
    const output = readLive(`${own.api.url}/jobs/${id}/output?follow=true`).pause();
    const events = readLive(`${own.api.url}/jobs/${id}/events`).pause();
    const reader = readLive(`${own.api.url}/jobs/${id}/output?follow=true`);
    const { claim, print } = await begin();
    // More than the sockets on the way take.
    for (let count = 0; count < 8 * WRITES; count += 1) await print(chunk);
    await worker.finish(claim);
    expect(await reader.ended).toBe('whole');
    expect(reader.text.length).toBe(8 * WRITES * chunk.length);
    const isSaid = (end: string) =>
      own.logs.some(({ path, reason }) => String(path).endsWith(end) && reason !== undefined);
    await until(() => isSaid('/output'));
    // Where it reads on in time, it finds why there is no more.
    events.resume();
    await until(() => isSaid('/events'));
    output.resume();
    expect(await output.ended).toBe('broken off');
    await events.ended;
    expect(events.text).toMatch(/event: dropped\ndata: .*\n\n$/);
    await own.close();
  });
});
