import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query } from '../support/http.ts';
import { loginUrl } from '../support/redis-logins.ts';
import { launch, type ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

let product: Product;
let second: ProductProcess;
let urls: readonly string[];

beforeAll(async () => {
  product = await startProduct();
  const env = { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' };
  second = launch('api', { ...env, REDIS_URL: loginUrl(product.redis, 'api') });
  const [, url = ''] = await second.says(/"url":"(http:[^"]+)"/);
  urls = [product.url, url];
  await product.startWorker({ DOCKER_HOST: `unix://${inject('engineSocket')}` });
});
afterAll(async () => {
  await second?.stop();
  second?.forget();
  await product?.stop();
});

it('makes one job of 50 equal submits that come at once to two API processes', async () => {
  const headers = { 'Idempotency-Key': 'one-of-fifty' };
  const path = `jobs?${query(TEST_IMAGES.echo.tag)}`;
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      fetch(`${urls[n % 2]}/${path}`, { method: 'POST', headers, body: 'once' }),
    ),
  );
  const made = answers.filter(({ headers: has }) => !has.has('Idempotency-Replayed'));
  expect(made).toHaveLength(1);
  const jobs = (await Promise.all(answers.map((answer) => answer.json()))) as { id: string }[];
  const ids = new Set(jobs.map(({ id }) => id));
  expect(ids.size).toBe(1);
  for (const url of urls) {
    const job = await getJson(`${url}/jobs/${[...ids][0]}?wait=60`);
    expect(job).toMatchObject({
      conclusion: 'SUCCESS',
      output: 'once\n',
      attempts: [{ number: 1 }],
    });
    expect(await getJson(`${url}/jobs`)).toMatchObject({ jobs: [{ id: job['id'] }] });
  }
});

it('knows at one API process a key that another one was given', async () => {
  const headers = { 'Idempotency-Key': 'of-the-first' };
  const submit = (url: string | undefined, body: string) =>
    fetch(`${url}/jobs?${query(TEST_IMAGES.echo.tag)}`, { method: 'POST', headers, body });
  const [first, second] = urls;
  const { id } = (await (await submit(first, 'a')).json()) as { id: string };
  expect(await (await submit(second, 'a')).json()).toMatchObject({ id });
  expect((await submit(second, 'b')).status).toBe(422);
});
