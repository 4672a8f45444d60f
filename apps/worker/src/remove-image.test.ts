import { callEngine } from '@conjob/provision';
import { createLogger, type PullProgress } from '@conjob/shared';
import {
  importLargerImage,
  importTinyImage,
  type MeteredLink,
  pushImage,
  removeContainer as removeByHand,
  startMeteredLink,
  startTestRegistry,
  type TestRegistry,
} from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { ImageHolds } from './image-holds.ts';
import { runJob } from './run-job.ts';
import { StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { override } from './testing/override.ts';
import { sharedEngine, sharedEngineAccess } from './testing/services.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';

const engine = sharedEngine();
const access = sharedEngineAccess();
const BASE = `conjob-test/base-${process.pid}:1`;
const NEWER = `conjob-test/newer-${process.pid}:1`;
/** Manifest, configuration, and the beginning of a layer. */
const SOME_BYTES = 50_000;
const SUCCESS = { conclusion: 'SUCCESS', error: null };

let ledger: TestLedger;
let registry: TestRegistry;
let link: MeteredLink;
/**
 * On the engine an older one than in the registry, from where nothing comes before the link lets it. They share a
 * layer, which nobody else has.
 */
let image: string;
let said: string[];

beforeAll(async () => {
  ledger = await openLedger();
  registry = await startTestRegistry(access);
});
beforeEach(async () => {
  said = [];
  link = await startMeteredLink(access, registry.host);
  image = `${link.host}/team/tool:1`;
  await importTinyImage(access.socketPath, [BASE], 100_000);
  await importLargerImage(access.socketPath, BASE, NEWER, 100_000);
  const pushed = await pushImage(access, NEWER, registry, 'team/tool:1');
  await importLargerImage(access.socketPath, BASE, image, 10);
  for (const name of [pushed.digestReference, NEWER, BASE]) await engine.removeImage(name);
});
afterEach(async () => {
  await link.stop();
  await engine.removeImage(image);
});
afterAll(async () => {
  await registry.stop();
  await ledger.close();
});

const isThere = async () => (await engine.findImage(image)) !== null;

/** In a process of its own: it knows of no other job. */
async function run(job: Partial<TestJob>, of: Engine = engine) {
  const id = await ledger.submit({ image, args: ['true'], pull: 'never', remove: true, ...job });
  const logger = createLogger({
    name: 'worker',
    level: 'info',
    destination: { write: (line) => void said.push(line) },
  });
  const dependencies = { ...jobDependencies(of, ledger.attempts), imageHolds: new ImageHolds() };
  return runJob({ ...dependencies, logger }, await ledger.claim(id), new StopSignal());
}

const ask = (path: string, json: object = {}) =>
  callEngine(access.socketPath, path, { method: 'POST', json });

/** As somebody else with the same Docker does. Returns its id when it runs. */
async function runByHand(): Promise<string> {
  const HostConfig = { NetworkMode: 'none' };
  const spec = { Image: image, Cmd: ['sleep', '600'], HostConfig };
  const { Id } = JSON.parse((await ask('/containers/create', spec)).body) as { Id: string };
  expect(await ask(`/containers/${Id}/start`)).toMatchObject({ status: 204 });
  return Id;
}

describe('a job that removes its image', () => {
  test('leaves one that somebody else runs, and says so; that is no error of the job', async () => {
    const other = await runByHand();
    expect(await run({ removeImage: true })).toMatchObject(SUCCESS);
    expect(await isThere()).toBe(true);
    expect(said.join()).toContain('the image of a job stays');
    expect((await engine.inspect(other))?.status).toBe('running');
    await removeByHand(access, other);
    said = [];
    expect(await run({ removeImage: true })).toMatchObject(SUCCESS);
    expect(await isThere()).toBe(false);
    expect(said.join()).not.toContain('stays');
  });

  test('breaks no pull of somebody else', async () => {
    const { signal } = new AbortController();
    const begun = Promise.withResolvers<void>();
    const onProgress = ({ bytes }: PullProgress) => void (bytes > 0 && begun.resolve());
    const pulling = engine.pull(image, { platform: undefined, signal, onProgress });
    link.allow(SOME_BYTES);
    await begun.promise;
    expect(await run({ removeImage: true })).toMatchObject(SUCCESS);
    expect(await isThere()).toBe(false);
    link.allow(Number.MAX_SAFE_INTEGER);
    await pulling;
    await removeByHand(access, await runByHand());
  });

  test('breaks no pull of a job of another process', async () => {
    const begun = Promise.withResolvers<void>();
    const onProgress = ({ bytes }: PullProgress) => void (bytes > 0 && begun.resolve());
    const watched = override(engine, {
      pull: (reference, options) => engine.pull(reference, { ...options, onProgress }),
    });
    const pulling = run({ pull: 'always' }, watched);
    link.allow(SOME_BYTES);
    await begun.promise;
    expect(await run({ removeImage: true })).toMatchObject(SUCCESS);
    expect(await isThere()).toBe(false);
    link.allow(Number.MAX_SAFE_INTEGER);
    expect(await pulling).toMatchObject(SUCCESS);
  });
});
