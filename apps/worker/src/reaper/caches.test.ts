import { createLogger, disconnect } from '@conjob/shared';
import {
  importTinyImage,
  listVolumes,
  startTestRedis,
  type TestRedis,
  until,
} from '@conjob/testkit';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { containerSpec } from '../container-spec.ts';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerUpkeep } from '../engine/docker/docker-upkeep.ts';
import { LABELS } from '../engine/labels.ts';
import { sharedEngine, sharedEngineAccess } from '../testing/services.ts';
import { testContainer, testSandbox } from '../testing/specs.ts';
import { parseSpec } from '../testing/test-redis.ts';
import { cachedImages, imageUse, trimImages } from './image-cache.ts';
import { noteUses } from './note-uses.ts';
import { UseLog } from './use-log.ts';
import { trimVolumes } from './volume-cache.ts';

const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;
const logger = createLogger({ name: 'reaper', level: 'silent' });
const engine = sharedEngine();
const { socketPath } = sharedEngineAccess();
const upkeep = new DockerUpkeep(connectDocker({ socketPath }));
const PREFIX = `conjob-caches-${process.pid}`;
const tagOf = (name: string) => `${PREFIX}/${name}:latest`;
const canonical = (name: string) => `docker.io/${tagOf(name)}`;

let server: TestRedis;
let redis: Redis;
let uses: UseLog;
let made: string[];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.target);
});
afterAll(async () => {
  await disconnect(redis);
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  uses = new UseLog(redis, 'uses');
  made = [];
});
afterEach(async () => {
  for (const { id } of await engine.list({ [LABELS.worker]: PREFIX })) await engine.remove(id);
  for (const name of made) await engine.removeImage(name);
  for (const name of await listVolumes(socketPath, PREFIX)) await upkeep.removeVolume(name);
});

const usedAgo = (name: string, agoMs: number) => redis.zadd('uses', Date.now() - agoMs, name);
const container = (image: string, more = {}) =>
  engine.create(testContainer(image, ['true'], { labels: { [LABELS.worker]: PREFIX }, ...more }));

describe('the cache of images', () => {
  /** An image of 3 MiB and a little, which a job has used so long ago under each of its names. */
  async function image(names: readonly [string, ...string[]], agoMs?: number): Promise<string> {
    const [first, ...others] = names.map(tagOf);
    await importTinyImage(socketPath, [first ?? '', ...others], 3 * MEBIBYTE);
    made.push(...names.map(canonical));
    const { id } = (await engine.findImage(first ?? '')) ?? { id: '' };
    if (agoMs !== undefined) {
      for (const name of names) await usedAgo(imageUse(id, canonical(name)), agoMs);
    }
    return id;
  }
  const trim = (limitBytes: number) => trimImages({ engine, upkeep, uses, limitBytes, logger });
  const isThere = async (name: string) => (await engine.findImage(canonical(name))) !== null;

  test('loses the least recently used ones while it is over its limit', async () => {
    await image(['old'], 30 * MINUTE_MS);
    await image(['older'], 50 * MINUTE_MS);
    await image(['recent'], 10 * MINUTE_MS);
    const [{ sizeBytes = 0 } = {}] = cachedImages(await upkeep.images(), await uses.read());
    expect(sizeBytes).toBeGreaterThan(3 * MEBIBYTE);
    await trim(3 * sizeBytes + 1000);
    expect(await Promise.all(['older', 'old', 'recent'].map(isThere))).toEqual([true, true, true]);
    await trim(2 * sizeBytes + 1000);
    expect(await Promise.all(['older', 'old', 'recent'].map(isThere))).toEqual([false, true, true]);
    await trim(0);
    expect(await Promise.all(['old', 'recent'].map(isThere))).toEqual([false, false]);
    await trim(0);
    expect(await uses.read()).toEqual([]);
  });

  test('keeps what a container was made of, what was used just now, and what no job has used', async () => {
    await container(await image(['in-use'], 30 * MINUTE_MS));
    await image(['just-now'], 0);
    await image(['not-ours']);
    await trim(0);
    const names = ['in-use', 'just-now', 'not-ours'];
    expect(await Promise.all(names.map(isThere))).toEqual([true, true, true]);
  });

  test('loses an image with all the names that jobs have for it', async () => {
    await image(['one', 'two'], 30 * MINUTE_MS);
    await trim(0);
    expect(await Promise.all(['one', 'two'].map(isThere))).toEqual([false, false]);
  });

  test('keeps an image that has a name of somebody else', async () => {
    const id = await image(['ours', 'theirs']);
    await usedAgo(imageUse(id, canonical('ours')), 30 * MINUTE_MS);
    await trim(0);
    expect(await Promise.all(['ours', 'theirs'].map(isThere))).toEqual([true, true]);
  });

  test('loses an image whose tag has moved on to another one', async () => {
    const id = await image(['moving'], 30 * MINUTE_MS);
    await importTinyImage(socketPath, [tagOf('moving')], 2 * MEBIBYTE);
    await trim(0);
    expect(await engine.findImage(id)).toBeNull();
    expect(await isThere('moving')).toBe(true);
  });
});

describe('the cache volumes of nested engines', () => {
  const INSTALLATION = `installation-${process.pid}`;
  const WEEK_MS = 7 * 86_400_000;
  const trim = () =>
    trimVolumes({ upkeep, uses, installation: INSTALLATION, retentionMs: WEEK_MS, logger });
  const volumes = () => listVolumes(socketPath, PREFIX);
  /** As a container of a job makes it. */
  async function volume(name: string, installation = INSTALLATION): Promise<string> {
    const labels = { [LABELS.installation]: installation };
    const volume = { name: `${PREFIX}-${name}`, target: '/cache', labels };
    return container('conjob-test/busybox:latest', { volumes: [volume] });
  }

  test('are removed when no job has used them for their time', async () => {
    for (const name of ['old', 'new']) await engine.remove(await volume(name));
    await usedAgo(`${PREFIX}-old`, WEEK_MS + MINUTE_MS);
    await usedAgo(`${PREFIX}-new`, WEEK_MS - MINUTE_MS);
    await trim();
    expect(await volumes()).toEqual([`${PREFIX}-new`]);
  });

  test('stay while a container has one', async () => {
    await volume('used');
    await usedAgo(`${PREFIX}-used`, WEEK_MS + MINUTE_MS);
    await trim();
    expect(await volumes()).toEqual([`${PREFIX}-used`]);
  });

  test('stay for their time when nobody knows their last use', async () => {
    await engine.remove(await volume('forgotten'));
    await trim();
    expect(await volumes()).toEqual([`${PREFIX}-forgotten`]);
    expect(await uses.read()).toMatchObject([{ name: `${PREFIX}-forgotten` }]);
  });

  test('stay when they are those of another ConJob', async () => {
    await engine.remove(await volume('theirs', 'there'));
    await usedAgo(`${PREFIX}-theirs`, WEEK_MS + MINUTE_MS);
    await trim();
    expect(await volumes()).toEqual([`${PREFIX}-theirs`]);
  });
});

test('what a job is about to use is noted, by the names that its engine has for it', async () => {
  const spec = { ...parseSpec({ image: 'alpine', useDockerCache: true }), stdinBytes: null };
  const claim = { id: 'job', attempt: 1, spec } as unknown as Parameters<typeof containerSpec>[0];
  const defaults = {
    installation: 'i',
    worker: 'w',
    maxOutputBytes: 1,
    leaseMs: 1,
  };
  noteUses(redis, 'engine', logger)(containerSpec(claim, 'sha256:abc', testSandbox(), defaults));
  const names = async (kind: string) => redis.zrange(`{conjob}:${kind}-use:engine`, '0', '-1');
  await until(async () => (await names('image')).length > 0 && (await names('volume')).length > 0);
  expect(await names('image')).toEqual(['sha256:abc docker.io/library/alpine:latest']);
  expect(await names('volume')).toEqual([
    expect.stringMatching(/^conjob-docker-cache-library-alpine-latest-/),
  ]);
});

test('an engine says what time it is there', async () => {
  expect(Math.abs((await upkeep.now()) - Date.now())).toBeLessThan(MINUTE_MS);
});
