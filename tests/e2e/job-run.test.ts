import { dataOf, waitForJob } from '@conjob/client';
import { listContainers, removeContainer, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BUSYBOX, getJson, query, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket') };
const { busybox, echo } = TEST_IMAGES;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
  await product.startWorker({ DOCKER_HOST: `unix://${engine.socketPath}`, WORKER_NAME: 'run-1' });
});
afterAll(async () => {
  await product.stop();
});

const run = (image: string, parameters: Record<string, string> = {}, init?: RequestInit) =>
  fetch(`${product.url}/job/run?${query(image, parameters)}`, init);
const args = (...list: string[]) => list.map((arg) => `&arg=${encodeURIComponent(arg)}`).join('');
const shell = (script: string, parameters: Record<string, string> = {}, init?: RequestInit) =>
  fetch(
    `${product.url}/job/run?${query(busybox.tag, parameters)}${args('sh', '-c', script)}`,
    init,
  );
const asJson = { headers: { accept: 'application/json' } };

describe('/job/run', () => {
  it('prints what the container printed', async () => {
    const response = await shell('echo one; echo two');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('conjob-job-id')).toMatch(/^j_/);
    expect(await response.text()).toBe('one\ntwo\n');
  });

  it('hands the body over as the one argument, exactly as sent', async () => {
    const body = 'föö "bar"\n$HOME';
    const response = await run(echo.tag, {}, { method: 'POST', body });
    expect(await response.text()).toBe(`${body}\n`);
  });

  it('gives the container the body as standard input, byte for byte', async () => {
    const body = Buffer.from([0, 255, 10, 128, 13]);
    const response = await fetch(
      `${product.url}/job/run?${query(busybox.tag, { stdin: 'true' })}${args('cat')}`,
      { method: 'POST', body },
    );
    expect(Buffer.from(await response.arrayBuffer())).toEqual(body);
  });

  it('answers JSON to who prefers it', async () => {
    const response = await shell('echo out; exit 3', {}, asJson);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      conclusion: 'FAILURE',
      output: 'out\n',
      exitCode: 3,
      message: 'Job run failed.',
    });
  });

  it('returns what was written until the time was over, and says so', async () => {
    const script = 'echo begun; sleep 60';
    const response = await shell(script, { timeout: '1' }, asJson);
    expect(response.status).toBe(408);
    expect(await response.json()).toMatchObject({
      conclusion: 'TIMED_OUT',
      exitCode: -1,
      output: 'begun\n',
      message: 'Job exceeded maximum allowed duration.',
    });
  });

  it('keeps the result of a job that ends by itself after the time, within the kill timeout', async () => {
    const script = "trap 'echo done; exit 0' TERM; sleep 60 & wait";
    const response = await shell(script, { timeout: '1' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('done\n');
  });

  it('passes bytes that are not UTF-8 through untouched as text', async () => {
    const response = await shell("printf '\\303\\050\\377'");
    expect(Buffer.from(await response.arrayBuffer()).toString('hex')).toBe('c328ff');
  });

  it('returns every byte of an output of several megabytes', async () => {
    const response = await shell('seq 1 500000');
    const expected = Array.from({ length: 500_000 }, (_, index) => `${index + 1}\n`).join('');
    expect((await response.text()) === expected).toBe(true);
  });

  it('answers many callers at once, each with its own output', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => String(index));
    const answers = await Promise.all(
      numbers.map(async (number) => (await run(echo.tag, { arg: number })).text()),
    );
    expect(answers).toEqual(numbers.map((number) => `${number}\n`));
  });

  it('removes the container that was not to be kept, and keeps the other', async () => {
    const id = (await run(echo.tag, { arg: 'x' })).headers.get('conjob-job-id');
    const kept = (await run(echo.tag, { arg: 'x', remove: 'false' })).headers.get('conjob-job-id');
    const containersOf = async (job: string | null) =>
      (await listContainers(engine)).filter(({ labels }) => labels['conjob.job'] === job);
    await until(
      () => containersOf(id),
      (found) => found.length === 0,
    );
    const [container, ...more] = await containersOf(kept);
    expect([container?.state, more]).toEqual(['exited', []]);
    await removeContainer(engine, container?.id ?? '');
  });
});

describe('/jobs', () => {
  it('answers 202 with an id, and shows the job until it is finished', async () => {
    const response = await fetch(`${product.url}/jobs?${query(echo.tag)}`, {
      method: 'POST',
      body: 'foobar',
    });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    expect(response.headers.get('location')).toBe(`/jobs/${id}`);
    expect(await waitForJob(product.client, id)).toMatchObject({
      id,
      state: 'finished',
      conclusion: 'SUCCESS',
      exitCode: 0,
      output: 'foobar\n',
      outputBytes: 7,
      attempts: [{ number: 1, worker: 'run-1', conclusion: 'SUCCESS' }],
    });
  });

  it('runs a job spec in full', async () => {
    const body = {
      ...BUSYBOX,
      entrypoint: ['sh', '-c'],
      args: ['echo "$GREETING from $(pwd) as $(id -u)"; cat'],
      env: { GREETING: 'hello' },
      workdir: '/tmp',
      user: '1000',
      stdin: 'typed',
      resources: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 50 },
      labels: { team: 'e2e' },
    };
    const params = { header: { Prefer: 'wait=60' } };
    const { data, response } = await product.client.POST('/jobs', { body, params });
    expect(response.status).toBe(200);
    expect(data).toMatchObject({
      conclusion: 'SUCCESS',
      output: 'hello from /tmp as 1000\ntyped',
      labels: { team: 'e2e' },
    });
  });

  it('tells standard output from standard error', async () => {
    const response = await shell('echo out; echo err >&2');
    const id = response.headers.get('conjob-job-id');
    const output = (stream: string) =>
      fetch(`${product.url}/jobs/${id}/output?stream=${stream}`).then((answer) => answer.text());
    expect([await output('stdout'), await output('stderr')]).toEqual(['out\n', 'err\n']);
  });

  it('cancels a running job, gently first, and keeps what it wrote', async () => {
    const script = "trap 'echo bye; exit 1' TERM; echo begun; sleep 60 & wait";
    const { client } = product;
    const body = { ...BUSYBOX, args: ['sh', '-c', script] };
    const { id } = await dataOf(client.POST('/jobs', { body }));
    const params = { path: { id } };
    await until(
      () => dataOf(client.GET('/jobs/{id}/output', { params, parseAs: 'text' })),
      (output) => output === 'begun\n',
    );
    const cancelled = await client.POST('/jobs/{id}/cancel', { params });
    expect(cancelled.response.status).toBe(202);
    expect(await waitForJob(client, id)).toMatchObject({
      conclusion: 'CANCELLED',
      exitCode: -1,
      output: 'begun\nbye\n',
    });
    const again = await client.POST('/jobs/{id}/cancel', { params });
    expect(again.error).toMatchObject({ status: 409, code: 'job.finished' });
  });

  it('caps the output, says so, and lets the container go on', async () => {
    const job = (await (
      await shell('head -c 20000000 /dev/zero; echo end >&2; exit 5', {}, asJson)
    ).json()) as { id: string; exitCode: number };
    expect(job.exitCode).toBe(5);
    const record = await getJson(`${product.url}/jobs/${job.id}`);
    expect(record).toMatchObject({ outputTruncated: true, outputBytes: 20_000_004 });
    const output = await fetch(`${product.url}/jobs/${job.id}/output`);
    expect((await output.arrayBuffer()).byteLength).toBe(16 * 1024 * 1024);
  });

  it('forgets a deleted job with its output', async () => {
    const id = (await run(echo.tag, { arg: 'x' })).headers.get('conjob-job-id');
    const deleted = await fetch(`${product.url}/jobs/${id}`, { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    expect((await fetch(`${product.url}/jobs/${id}`)).status).toBe(404);
    expect((await fetch(`${product.url}/jobs/${id}/output`)).status).toBe(404);
  });

  it('prints the docker run line that repeats the job', async () => {
    const id = (await run(echo.tag, { arg: "it's" })).headers.get('conjob-job-id');
    const line = await fetch(`${product.url}/jobs/${id}/reproduce`).then((answer) => answer.text());
    expect(line).toContain('docker run');
    expect(line).toContain('--network none');
    expect(line).toContain(`'it'\\''s'`);
  });
});
