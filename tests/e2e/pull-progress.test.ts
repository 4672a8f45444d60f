import {
  importLargerImage,
  type MeteredLink,
  pushImage,
  removeImage,
  startMeteredLink,
  startTestRegistry,
  TEST_IMAGES,
  type TestRegistry,
} from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { readEvents } from '../../apps/api/src/testing/event-client.ts';
import { getJson, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket'), networkPath: inject('engineNetwork') };
const MIB = 1024 * 1024;
const IMAGE_MIB = 4;
const NAME = 'conjob-test/slow:1';
let product: Product;
let registry: TestRegistry;
let link: MeteredLink;
let image: string;

beforeAll(async () => {
  product = await startProduct();
  await product.startWorker({ DOCKER_HOST: `unix://${engine.socketPath}`, WORKER_NAME: 'slow-1' });
  registry = await startTestRegistry(engine);
  link = await startMeteredLink(engine, registry.host);
  // Two layers, of which the engine keeps one for its other images.
  await importLargerImage(engine.socketPath, TEST_IMAGES.busybox.tag, NAME, IMAGE_MIB * MIB);
  const { reference, digestReference } = await pushImage(engine, NAME, registry, 'team/slow:1');
  // Else the engine has its layers.
  for (const name of [NAME, digestReference]) await removeImage(engine, name);
  image = reference.replace(registry.host, link.host);
});
afterAll(async () => {
  await product.stop();
  await removeImage(engine, image);
  await link.stop();
  await registry.stop();
});

interface Shown {
  readonly phase: string | null;
  readonly progress: {
    readonly layers: number;
    readonly layersDone: number;
    readonly bytes: number;
    readonly totalBytes: number;
  } | null;
}

it('how far a pull is, the job and its events show, until the container runs', async () => {
  const args = ['sh', '-c', 'echo runs; sleep 600'];
  const { id } = await getJson(`${product.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image, args, remove: true, killTimeoutSeconds: 0 }),
  });
  const job = `${product.url}/jobs/${id}`;
  const cancel = async () => void (await fetch(`${job}/cancel`, { method: 'POST' }));
  onTestFinished(cancel);
  const told: Shown[] = [];
  const reading = readEvents(`${job}/events`, {
    onEvent: ({ event, data }) => {
      if (event === 'state') told.push(JSON.parse(data) as Shown);
    },
  });
  const look = async () => (await getJson(job)) as unknown as Shown;
  const bytesOf = ({ progress }: Shown) => progress?.bytes ?? 0;
  /** What the link holds back is waited for, so that each step is told before the next one comes. */
  const isTold = (bytes: number) =>
    until(
      async () => Math.max(0, ...told.map(bytesOf)),
      (most) => most > bytes,
    );

  link.allow(MIB);
  const early = await until(look, (shown) => bytesOf(shown) > 0);
  const first = await isTold(0);
  link.allow(2 * MIB);
  const later = await until(look, (shown) => bytesOf(shown) > bytesOf(early));
  await isTold(first);
  for (const { phase, progress } of [early, later]) {
    expect(phase).toBe('pulling');
    expect(progress).toMatchObject({ layers: 2, layersDone: 1 });
    expect(progress?.totalBytes).toBeGreaterThan(IMAGE_MIB * MIB);
    expect(progress?.bytes).toBeLessThan(3 * MIB);
  }
  link.allow(Number.MAX_SAFE_INTEGER);
  await until(
    async () => told.at(-1)?.phase,
    (phase) => phase === 'running',
  );
  expect(await look()).toMatchObject({ phase: 'running', progress: null });
  await cancel();
  await reading;

  const pulled = told.filter(({ phase }) => phase === 'pulling').map(bytesOf);
  expect(pulled).toEqual([...pulled].sort((one, other) => one - other));
  const after = told.slice(told.findLastIndex(({ phase }) => phase === 'pulling') + 1);
  expect(after.length).toBeGreaterThan(0);
  expect(after.map(({ progress }) => progress)).toEqual(after.map(() => null));
});
