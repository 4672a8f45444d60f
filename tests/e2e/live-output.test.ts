import { createHash } from 'node:crypto';
import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
const { busybox } = TEST_IMAGES;
const MIB = 1024 * 1024;
/** `SHORT_JOBS=1000 npx vitest run --project e2e tests/e2e/live-output.test.ts` takes some minutes. */
const SHORT_JOBS = Number(process.env['SHORT_JOBS'] ?? 30);
const SHORT_JOBS_WITHIN_MS = 60_000 + SHORT_JOBS * 1_000;
let product: Product;

beforeAll(async () => {
  product = await startProduct({ MAX_OUTPUT_BYTES: String(128 * MIB) });
  await product.startWorker({ DOCKER_HOST: `unix://${engine.socketPath}`, WORKER_NAME: 'live-1' });
});
afterAll(async () => {
  await product.stop();
});

const shell = (script: string, parameters: Record<string, string> = {}) =>
  `${query(busybox.tag, parameters)}&arg=sh&arg=-c&arg=${encodeURIComponent(script)}`;

async function submit(script: string, parameters: Record<string, string> = {}): Promise<string> {
  const url = `${product.url}/jobs?${shell(script, parameters)}`;
  return ((await getJson(url, { method: 'POST' })) as { id: string }).id;
}

const follow = (id: string, more = '') =>
  fetch(`${product.url}/jobs/${id}/output?follow=true${more}`);

describe('output as it happens', () => {
  it('comes while the container runs', async () => {
    const response = await fetch(
      `${product.url}/job/run?${shell('echo one; cat /proc/1/comm; sleep 600', { stream: 'true' })}`,
    );
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\nsh\n')) text += (await reader?.read())?.value ?? '';
    const job = `${product.url}/jobs/${response.headers.get('conjob-job-id')}`;
    expect(await getJson(job)).toMatchObject({ state: 'running', phase: 'running' });
    await fetch(`${job}/cancel`, { method: 'POST' });
    while (!(await reader?.read())?.done);
    expect(text).toBe('one\nsh\n');
  });

  it('of 100 MiB of random bytes comes whole and unchanged', async () => {
    const bytes = 100 * MIB;
    const script = `head -c ${bytes} /dev/urandom > /tmp/x; sha256sum < /tmp/x >&2; cat /tmp/x`;
    const id = await submit(script);
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of (await follow(id, '&stream=stdout')).body ?? []) {
      hash.update(chunk);
      received += chunk.length;
    }
    expect(received).toBe(bytes);
    const told = await (await follow(id, '&stream=stderr')).text();
    expect(told.split(' ')[0]).toBe(hash.digest('hex'));
  });

  it.each([
    [
      'the time is over',
      { timeout: '1' },
      "trap 'echo last; exit 1' TERM; echo first; sleep 600 & wait",
    ],
    ['it ends at once', {}, 'echo first; echo last'],
    ['it is killed', {}, 'echo first; echo last; kill -9 $$'],
  ])('has its last line also when %s', async (_when, parameters, script) => {
    const response = await follow(await submit(script, parameters));
    expect(await response.text()).toBe('first\nlast\n');
  });

  it('has its last line also when there is no more memory', async () => {
    const script = 'echo first; echo last; x=a; while :; do x=$x$x; done';
    const { data } = await product.client.POST('/jobs', {
      body: {
        image: busybox.tag,
        pull: 'never',
        remove: true,
        args: ['sh', '-c', script],
        resources: { memoryBytes: 32 * MIB },
      },
    });
    const response = await follow(data?.id ?? '');
    expect(await response.text()).toBe('first\nlast\n');
    expect(await getJson(`${product.url}/jobs/${data?.id}`)).toMatchObject({
      error: { code: 'run.out_of_memory' },
    });
  });

  it('of many very short jobs at once is whole', { timeout: SHORT_JOBS_WITHIN_MS }, async () => {
    const words = Array.from({ length: SHORT_JOBS }, (_, number) => `word ${number}`);
    const outputs = words.map(async (word) => {
      const id = await submit(`echo ${word}`, { remove: 'true' });
      return (await follow(id)).text();
    });
    expect(await Promise.all(outputs)).toEqual(words.map((word) => `${word}\n`));
  });
});
