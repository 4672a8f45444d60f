import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const MANY = 2_000;
const AT_ONCE = 50;
const SLOTS = 2;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
});

async function submit(group: string): Promise<string> {
  const job = `${query(TEST_IMAGES.busybox.tag, { group })}&arg=sleep&arg=0.2`;
  const { id } = await getJson(`${product.url}/jobs?${job}`, { method: 'POST' });
  return String(id);
}

const find = (id: string) => getJson(`${product.url}/jobs/${id}`);
const hasStarted = ({ startedAt }: Record<string, unknown>) => startedAt !== null;
const inOrder = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  timeOf(a['createdAt']) - timeOf(b['createdAt']) || (String(a['id']) < String(b['id']) ? -1 : 1);
const timeOf = (text: unknown) => Date.parse(String(text));

it('lets a single job wait for no more than one job on each slot, however many somebody else has queued', async () => {
  const ids: string[] = [];
  while (ids.length < MANY) {
    ids.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => submit('many')))));
  }
  ids.sort();
  const [first = ''] = ids;
  // By itself: those that are accepted at the same time take their places in no order.
  const last = await submit('many');
  expect(await find(last)).toMatchObject({ group: 'many', waiting: { position: MANY + 1 } });
  await product.startWorker({
    DOCKER_HOST: `unix://${inject('engineSocket')}`,
    WORKER_CONCURRENCY: String(SLOTS),
  });
  await until(() => find(first), hasStarted);

  const single = await submit('single');
  const started = await until(() => find(single), hasStarted);
  const [createdAt, startedAt] = [timeOf(started['createdAt']), timeOf(started['startedAt'])];

  const others = (await Promise.all(ids.slice(0, 100).map(find))).toSorted(inOrder);
  const starts = others.filter(hasStarted).map((job) => timeOf(job['startedAt']));
  expect(starts.filter((at) => at > createdAt && at < startedAt).length).toBeLessThanOrEqual(SLOTS);
  expect(starts.length).toBeGreaterThan(0);
  // Those of one group have kept their order: the first have started, and no other.
  expect(others.map(hasStarted)).toEqual(others.map((_, place) => place < starts.length));
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});
